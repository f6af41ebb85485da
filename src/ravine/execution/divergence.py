"""The error of a study in which every run diverged, in the same words for all studies."""

from __future__ import annotations

from ravine.errors import NothingTrained

__all__ = ["all_diverged"]


def all_diverged(learning_rate: float | None, where: str = "") -> NothingTrained:
    """Return the error to raise when every run of a study diverged.

    learning_rate: learning rate of all runs; None if several were tried. where: words that name the runs,
    such as "on every seed".
    """
    what = " ".join(filter(None, ("Training diverged", where)))
    if learning_rate is None:
        return NothingTrained(
            f"{what}.",
            "The loss of every run became infinite, at every learning rate tried.",
            "Look for extreme values among the inputs, or try --init-scale 0.1.",
        )
    return NothingTrained(
        f"{what}.",
        f"The loss became infinite at learning rate {learning_rate:.3g}.",
        "Give a lower --learning-rate, or type `ravine compare DATA` to find one.",
    )
