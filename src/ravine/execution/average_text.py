"""The parser of the option `--average`, an average of the weights over steps: `ema=0.99` or `tail=0.5`."""

from __future__ import annotations

import math
from typing import NamedTuple

from ravine.errors import UsageError, did_you_mean

__all__ = ["AVERAGES", "read_average"]


class AverageKind(NamedTuple):
    """A kind of average of the weights over training steps, such as the exponential average `ema`.

    default: number of the average if the text gives only the name. schedulable: whether the number may change
    during training by a schedule.
    """

    default: float
    schedulable: bool


AVERAGES = {"ema": AverageKind(0.99, schedulable=True), "tail": AverageKind(0.5, schedulable=False)}
"""The averages of the weights by name: exponential (`ema`), and over the last part of a run (`tail`)."""


def read_average(text: str | None) -> tuple[str, float]:
    """Return name and number of the average of the weights that a text describes, such as ("ema", 0.99).

    ema=0.99    exponential moving average of the weights with this averaging rate
    tail=0.5    mean of the weights over all steps after this share of the run

    None, an empty text and `none` mean no average: ("", 0). Raises UsageError for an unknown name, and for a
    number that is not at least 0 and below 1.
    """
    if text is None or text.strip().lower() in ("", "none"):
        return "", 0.0
    name, equals, value = text.strip().lower().partition("=")
    if name not in AVERAGES:
        raise UsageError(
            f"There is no average of weights named '{name}'.",
            "",
            did_you_mean(name, AVERAGES),
            allowed=tuple(AVERAGES),
        )
    try:
        share = float(value) if equals else AVERAGES[name].default
    except ValueError:
        share = math.nan
    if not 0 <= share < 1:
        raise UsageError(
            f"--average {text} cannot be used.",
            "The number after ema= or tail= must be at least 0 and below 1.",
            "Write ema=0.99 or tail=0.5.",
            option="average",
            value=text,
            allowed="a number at least 0 and below 1",
        )
    return name, share
