"""The composition of an optimizer with its transforms (clipping, penalties, ...) in a fixed order.

In every step

    1. the gradient of the loss is clipped,
    2. the gradients of the L1 and L2 penalties are added,
    3. the optimizer computes its update,
    4. weight decay is subtracted,
    5. the average of the weights, at which the network is evaluated, is updated.

Clipping comes before the penalties, since it guards against outliers in the data, on which the gradients of
penalties do not depend.
"""

from __future__ import annotations

from ravine.errors import UsageError
from ravine.optimizers.hyperparameters import Decay, Number, Rate
from ravine.optimizers.per_array import Optimizer
from ravine.optimizers.transforms import Mask, with_clipping, with_penalties, with_weight_decay
from ravine.optimizers.weight_averages import exponential_average, tail_average

__all__ = ["compose"]


def compose(
    optimizer: Optimizer,
    *,
    rate: Rate,
    mask: Mask,
    l1: Number | None = None,
    l2: Number | None = None,
    weight_decay: Number | None = None,
    clip: Number | None = None,
    ema: Number | Decay | None = None,
    tail: Number | None = None,
) -> Optimizer:
    """Return an optimizer with clipping, penalties, weight decay and an average of the weights, where given.

    A transform whose argument is None is left out of the compiled program.

    rate: learning rate of the optimizer and of the weight decay, a number, a scalar array or a schedule.
    mask: parameters that `l1`, `l2` and `weight_decay` act on, a tree of bools; None = all.
    l1, l2: coefficients of the penalties. weight_decay: coefficient of the decoupled weight decay.
    clip: largest norm of the gradient over all parameters. ema: averaging rate of an exponential average of
    the weights. tail: step after which a plain mean of the weights starts.

    The numbers can be scalar arrays, which may differ between runs. Raises UsageError for `ema` and `tail` at
    once, and for numbers that are not allowed.
    """
    if ema is not None and tail is not None:
        raise UsageError(
            "A run is evaluated at one average of its weights.",
            "Both 'ema' and 'tail' were given.",
            "Choose one.",
        )
    if l1 is not None or l2 is not None:
        optimizer = with_penalties(optimizer, mask, l1=l1, l2=l2)
    if clip is not None:
        optimizer = with_clipping(optimizer, clip)
    if weight_decay is not None:
        optimizer = with_weight_decay(optimizer, rate, weight_decay, mask)
    if ema is not None:
        return exponential_average(optimizer, ema)
    if tail is not None:
        return tail_average(optimizer, tail)
    return optimizer
