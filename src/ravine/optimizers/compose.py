"""A rule with everything that goes around it, in one order.

At each step the gradient of the loss is clipped, the penalties' gradients are added, the rule steps, the
weights decay, the average follows. Clipping comes first: it guards against outliers, which no penalty is.
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
    decay: Number | None = None,
    clip: Number | None = None,
    ema: Number | Decay | None = None,
    tail: Number | None = None,
) -> Optimizer:
    """Return `optimizer` with what is not None around it; None is not in the program at all.

    rate: the rule's own, number, array or schedule; the decoupled `decay` follows it. mask: which parameters
    `l1`, `l2` and `decay` are for, a tree of bools, None for all. clip: longest gradient. ema: what the
    running mean of the weights keeps. tail: steps before the mean begins. All are data: numbers or scalar
    arrays.
    Raises UsageError for both averages at once, and for host numbers that cannot be used.
    """
    if ema is not None and tail is not None:
        raise UsageError(
            "A run is judged at one average of its weights.",
            "Both 'ema' and 'tail' were given.",
            "Choose one.",
        )
    if l1 is not None or l2 is not None:
        optimizer = with_penalties(optimizer, mask, l1=l1, l2=l2)
    if clip is not None:
        optimizer = with_clipping(optimizer, clip)
    if decay is not None:
        optimizer = with_weight_decay(optimizer, rate, decay, mask)
    if ema is not None:
        return exponential_average(optimizer, ema)
    if tail is not None:
        return tail_average(optimizer, tail)
    return optimizer
