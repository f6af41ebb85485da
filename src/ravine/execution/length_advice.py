"""The trend of the validation loss at the end of training, and advice on the length of the training.

The advice is to train longer if the loss still falls. It is to stop earlier if the loss rises, the score does
not improve, and early stopping is off. Otherwise there is no advice. This file needs neither JAX nor NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ravine.execution.effort import EVALUATIONS
from ravine.render.numbers import MISSING_CELL, count, every, percent

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
    """Return the advice to train longer or to stop earlier; None if the validation loss supports neither.

    Training longer is advised if the validation loss falls at the end. Stopping earlier is advised if it
    rises, the score does not improve, and early stopping is off.

    trend: trend of the validation loss, None if it is not known. epochs: passes over the training rows.
    early_stop: patience of early stopping; 0 or None without.
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
    """Return the advice on the length of a training as two sentences, with the option: `--early-stop 3`.

    winner: the optimizer or configuration that the advice concerns.
    """
    action = {"longer": "Train it longer", "earlier": "Stop it earlier"}[advice.action]
    return f"With {winner}, {advice.reason}. {action} ({' '.join(advice_words(advice))})."


def advice_words(advice: LengthAdvice) -> list[str]:
    """Return the options of the advice as words of a command, such as `["--early-stop", "3"]`."""
    flags = [(f"--{name.replace('_', '-')}", f"{value:g}") for name, value in advice.settings.items()]
    return [word for flag in flags for word in flag]


def length_text(steps: int, epochs: float) -> str:
    """Return the length of a training in words, such as `800 steps (4.6 epochs)`."""
    passes = "1 epoch" if f"{epochs:.3g}" == "1" else f"{epochs:.3g} epochs"
    return f"{count(steps, 'step')} ({passes})"


def rounding_text(steps: int, epochs: float, requested: float | None) -> str:
    """Return a remark on a rounded number of epochs, such as `4 requested, rounded up to 20 evaluations`.

    steps, epochs: length of the training after rounding. requested: epochs that the user asked for, or None.
    The text is empty if the two numbers of epochs differ by at most 1 %.
    """
    if requested is None or not _is_rounded(epochs, requested):
        return ""
    if steps < EVALUATIONS:
        return f"{requested:g} requested, rounded to whole steps"
    return f"{requested:g} requested, rounded up to {EVALUATIONS} evaluations"


def rounding_notes(steps: int, epochs: float, requested: float | None) -> list[str]:
    """Return a list with one sentence if rounding changed the number of epochs by more than 1 %, else [].

    steps, epochs: length of the training after rounding. requested: epochs that the user asked for, or None.
    """
    if requested is None or not _is_rounded(epochs, requested):
        return []
    return [f"{epochs:.3g} epochs instead of {requested:g}: the number of steps is rounded to {steps:,}."]


def _is_rounded(epochs: float, requested: float) -> bool:
    return abs(epochs - requested) > ROUNDED_SHARE * requested


def trend_cell(trend: LossTrend | None) -> str:
    """Return the table cell on the trend of a loss: `fell 3.1 %`, `rose 12 %` or `flat`; a dash for None."""
    if trend is None:
        return MISSING_CELL
    return {
        "falling": f"fell {_share(trend.change)}", "rising": f"rose {_share(trend.rise)}", "flat": "flat",
    }[trend.direction]  # fmt: skip


def trend_text(trend: LossTrend) -> str:
    """Return the trend of a validation loss as a sentence in lower case, without its period."""
    if trend.direction == "falling":
        last = "tenth" if abs(trend.window - 0.1) < 0.005 else percent(trend.window)
        return f"the validation loss still fell by {_share(trend.change)} in the last {last} of training"
    if trend.direction == "rising":
        return f"the validation loss rose by {_share(trend.rise)} from step {trend.lowest_step:,} on"
    return "the validation loss neither fell nor rose at the end of training"


def still_falling_text(trends: list[LossTrend | None], noun: str) -> str:
    """Return a sentence on how many optimizers or configurations had a loss that still fell at the end.

    trends: trend of the validation loss of each item; None for an item whose runs mostly diverged or stopped
    early, which the sentence says. noun: an item in words, such as `optimizer`. The sentence is empty without
    any trend.
    """
    known = [trend for trend in trends if trend is not None]
    falling = sum(trend.direction == "falling" for trend in known)
    if not known:
        return ""
    verb = "still fell at the end" if falling else "had stopped falling"
    concerned, missing = falling or len(known), len(trends) - len(known)
    named = every(concerned, noun)
    if concerned < len(trends):
        named = f"{concerned} of {count(len(trends), noun)}"
    unknown = ""
    if missing:
        has, its = ("has", "its") if missing == 1 else ("have", "their")
        unknown = f"; {missing} {has} no trend, because most of {its} runs diverged or stopped early"
    return f"The validation loss {verb} for {named}{unknown}."


def _share(value: float | None) -> str:
    size = abs(value or 0.0)
    return percent(size, 0 if size >= 0.1 else 1)
