"""The trend of the validation loss at the end of training, and the advice that follows from it.

Advice is given only if the curve supports it: train longer if the loss still falls, stop earlier if it rises
and the score does not improve. This file needs neither JAX nor NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ravine.execution.effort import EVALUATIONS
from ravine.render.numbers import MISSING_CELL, count, percent

__all__ = [
    "LengthAdvice", "LossTrend", "advice_text", "advice_words", "length_advice", "length_text",
    "rounding_notes", "rounding_text", "still_falling_text", "trend_cell", "trend_text",
]  # fmt: skip

LONGER = 5  # times the epochs of the study
ROUNDED_SHARE = 0.01  # of the epochs, above which rounding is reported
EARLY_STOP = 3  # evaluations without a lower loss, of the 20 evaluations of a run


@dataclass(frozen=True, kw_only=True)
class LossTrend:
    """The validation loss at the end of training, over all seeds that trained to the end."""

    direction: Literal["falling", "rising", "flat"]
    """falling: the loss still fell at the end; rising: it rose since its lowest value; flat: neither."""
    change: float | None
    """Median relative change of the loss in the last tenth of training; negative if it falls. Where the
    learning rate changes, the sum of the learning rates measures the training."""
    window: float = 0.1
    """Share of the steps that this last tenth takes; 0.4 where a cosine lowers the rate to zero."""
    agreeing: float
    """Share of seeds that agree with the direction of the change, or of the rise."""
    rise: float | None
    """Median relative rise of the loss from its lowest value to the end."""
    lowest_step: int
    """Step of the lowest loss of the median curve."""
    lowest_epochs: float
    """Epochs until the lowest loss of the median curve."""
    score_improves: bool
    """Whether the score improved from the lowest loss to the end, by a difference that matters."""
    seeds: int
    """Number of seeds that trained to the end."""


@dataclass(frozen=True, kw_only=True)
class LengthAdvice:
    """The advice to train longer, or to stop earlier."""

    action: Literal["longer", "earlier"]
    """longer or earlier."""
    reason: str
    """The trend of the validation loss, in words."""
    settings: dict[str, float]
    """Settings to change, by name."""


def length_advice(trend: LossTrend | None, epochs: float, early_stop: int | None) -> LengthAdvice | None:
    """Return the advice for a training, None if its curve supports none.

    epochs: passes over the training rows. early_stop: patience of early stopping; 0 or None without.
    """
    if trend is None:
        return None
    if trend.direction == "falling":
        longer = float(max(1, round(LONGER * epochs)))
        return LengthAdvice(action="longer", reason=trend_text(trend), settings={"epochs": longer})
    if trend.direction == "rising" and not trend.score_improves and not early_stop:
        settings = {"early_stop": float(EARLY_STOP)}
        return LengthAdvice(action="earlier", reason=trend_text(trend), settings=settings)
    return None


def advice_text(advice: LengthAdvice, winner: str) -> str:
    """Return the advice as two sentences, with its option: `--early-stop 3`, in Python `early_stop=3`.

    winner: the optimizer or configuration that it concerns.
    """
    action = {"longer": "Train it longer", "earlier": "Stop it earlier"}[advice.action]
    return f"With {winner}, {advice.reason}. {action} ({' '.join(advice_words(advice))})."


def advice_words(advice: LengthAdvice) -> list[str]:
    """Return the options of the advice as words of a command, such as `["--early-stop", "3"]`."""
    flags = [(f"--{name.replace('_', '-')}", f"{value:g}") for name, value in advice.settings.items()]
    return [word for flag in flags for word in flag]


def length_text(steps: int, epochs: float) -> str:
    """Return the length of a training, `800 steps (4.6 epochs)`."""
    passes = "1 epoch" if f"{epochs:.3g}" == "1" else f"{epochs:.3g} epochs"
    return f"{count(steps, 'step')} ({passes})"


def rounding_text(steps: int, epochs: float, requested: float | None) -> str:
    """Return why the epochs differ from those of the settings: `4 requested, rounded up to 20 evaluations`.

    epochs: passes over the training rows in `steps` steps. requested: epochs of the settings, None for the
    usual number. The text is empty for a difference of at most 1 %.
    """
    if requested is None or not _is_rounded(epochs, requested):
        return ""
    if steps < EVALUATIONS:
        return f"{requested:g} requested, rounded to whole steps"
    return f"{requested:g} requested, rounded up to {EVALUATIONS} evaluations"


def rounding_notes(steps: int, epochs: float, requested: float | None) -> list[str]:
    """Return a sentence if the epochs differ from those of the settings, else an empty list.

    The arguments are those of `rounding_text`.
    """
    if requested is None or not _is_rounded(epochs, requested):
        return []
    return [f"{epochs:.3g} epochs instead of {requested:g}: the number of steps is rounded to {steps:,}."]


def _is_rounded(epochs: float, requested: float) -> bool:
    return abs(epochs - requested) > ROUNDED_SHARE * requested


def trend_cell(trend: LossTrend | None) -> str:
    """Return the trend for a cell of a table: `fell 3.1 %`, `rose 12 %`, `flat`; a dash without a trend."""
    if trend is None:
        return MISSING_CELL
    return {
        "falling": f"fell {_share(trend.change)}", "rising": f"rose {_share(trend.rise)}", "flat": "flat",
    }[trend.direction]  # fmt: skip


def trend_text(trend: LossTrend) -> str:
    """Return the trend as a sentence without its period, in lower case."""
    if trend.direction == "falling":
        last = "tenth" if abs(trend.window - 0.1) < 0.005 else percent(trend.window)
        return f"the validation loss still fell by {_share(trend.change)} in the last {last} of training"
    if trend.direction == "rising":
        return f"the validation loss rose by {_share(trend.rise)} from step {trend.lowest_step:,} on"
    return "the validation loss neither fell nor rose at the end of training"


def still_falling_text(trends: list[LossTrend | None], noun: str) -> str:
    """Return the sentence that states how many of several trainings were still improving.

    noun: the compared items, such as `optimizer`. Items without a trend, whose runs diverged or stopped
    early, are left out. The sentence is empty if no item has a trend.
    """
    known = [trend for trend in trends if trend is not None]
    falling = sum(trend.direction == "falling" for trend in known)
    if not known:
        return ""
    if not falling:
        return f"The validation loss had stopped falling for {_all(len(known), noun)}."
    if falling == len(known):
        return f"The validation loss still fell at the end for {_all(len(known), noun)}."
    return f"The validation loss still fell at the end for {falling} of {count(len(known), noun)}."


def _all(amount: int, noun: str) -> str:
    return f"the {noun}" if amount == 1 else f"all {count(amount, noun)}"


def _share(value: float | None) -> str:
    size = abs(value or 0.0)
    return percent(size, 0 if size >= 0.1 else 1)
