"""Registry of the losses that training minimizes: facts about each, and the module that holds its function.

This file does not import JAX. The equations are in `loss_functions`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from ravine.networks.smallest_difference import SmallestDifference

if TYPE_CHECKING:
    import jax

__all__ = ["LOSSES", "Loss", "default_loss"]


@dataclass(frozen=True)
class Loss(SmallestDifference):
    """A loss function that training minimizes, with facts about it.

    task             "classify" or "regress"
    definition       "module:object" of function(outputs [N, K], target [N]) -> loss of each row [N]
    unit             unit of the loss, in words
    constant         function of the number of classes K, which returns the loss of a network that ignores its
                     inputs: with equal probabilities of all classes, or with the mean of the target
    integer_target   whether targets are class indices

    `smallest_difference` and `relative_difference` give the smallest difference of two losses that matters in
    practice.
    """

    name: str
    task: str
    definition: str
    unit: str
    constant: Callable[[int], float]
    integer_target: bool = False

    def __call__(self, outputs: jax.Array, target: jax.Array) -> jax.Array:
        values: Any = resolve_name(self.definition)(outputs, target)
        return values


_FUNCTIONS = "ravine.networks.loss_functions"

# The registry. To add a loss, add a row here and its function in `loss_functions`.
LOSSES: dict[str, Loss] = {
    row.name: row
    for row in (
        Loss(
            "cross_entropy", "classify", f"{_FUNCTIONS}:cross_entropy", "nats", math.log,
            integer_target=True, smallest_difference=0.01, relative_difference=True,
        ),
        Loss(
            "squared_error", "regress", f"{_FUNCTIONS}:squared_error", "variances of the target",
            lambda outputs: 1.0,
            smallest_difference=0.02, relative_difference=True,  # 1 % of the root mean squared error
        ),
    )
}  # fmt: skip

DEFAULTS = {"classify": "cross_entropy", "regress": "squared_error"}


def default_loss(task: str) -> str:
    """Return the name of a task's default loss: cross entropy to "classify", squared error to "regress"."""
    return DEFAULTS[task]
