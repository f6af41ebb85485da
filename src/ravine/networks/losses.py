"""Registry of the losses that training minimizes: facts about each, and the module that holds its function.

This file does not import JAX. The equations are in `loss_functions`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from ravine.errors import UsageError, did_you_mean
from ravine.networks.smallest_difference import SmallestDifference
from ravine.user_code.code_text import code_text

if TYPE_CHECKING:
    import jax

    from ravine.networks.file_loss import FileLoss

__all__ = ["LOSSES", "Loss", "check_loss", "default_loss", "find_loss", "loss_named"]


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


def find_loss(name: str) -> Loss | FileLoss:
    """Return the loss with a name: a key of `LOSSES`, or the name of a loss of a Python file.

    `FileLoss.name` is such a name. Raises UsageError and DataError for a file that cannot be used.
    """
    if name in LOSSES:
        return LOSSES[name]
    if "@" not in name:
        check_loss(name)
    from ravine.networks.file_loss import FileLoss  # imports JAX

    return FileLoss.named(name)


def loss_named(text: str | None, task: str, outputs: int) -> str:
    """Return the name of the loss that an option names, of the task's default loss if the text is None.

    text: a key of `LOSSES`, or `FILE.py:NAME`, whose file then runs. task: "classify" or "regress".
    outputs: number of outputs of the network. Raises UsageError for an unknown loss, for a loss of another
    task, and for a file that cannot be used.
    """
    if text is None:
        return default_loss(task)
    if code := code_text(text):
        from ravine.networks.file_loss import FileLoss

        return FileLoss.load(code, task, outputs).name
    check_loss(text)
    if LOSSES[text].task != task:
        raise UsageError(
            f"The loss '{text}' does not fit the target.",
            f"It is for a target to {LOSSES[text].task}, and this target is to {task}.",
            f"Use {default_loss(task)}, or set --task.",
        )
    return text


def check_loss(text: str) -> None:
    """Raise UsageError unless a text names a loss: a key of `LOSSES`, or `FILE.py:NAME`."""
    if text not in LOSSES and code_text(text) is None:
        raise UsageError(
            f"There is no loss '{text}'.",
            "",
            f"{did_you_mean(text, list(LOSSES))} A loss of your own is FILE.py:NAME.",
            allowed=(*LOSSES, "FILE.py:NAME"),
        )


def default_loss(task: str) -> str:
    """Return the name of a task's default loss: cross entropy to "classify", squared error to "regress"."""
    return DEFAULTS[task]
