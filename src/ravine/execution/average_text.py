"""Weight averages as text: `ema=0.99` or `tail=0.5`."""

from __future__ import annotations

import math
from typing import NamedTuple

from ravine.errors import UsageError, did_you_mean

__all__ = ["AVERAGES", "read_average"]


class AverageKind(NamedTuple):
    """A kind of average.

    default: number for a text without a number, such as `ema`. schedulable: whether the number may follow a
    schedule.
    """

    default: float
    schedulable: bool


AVERAGES = {"ema": AverageKind(0.99, schedulable=True), "tail": AverageKind(0.5, schedulable=False)}
"""The averages by name: exponential (`ema`), and over the tail of a run (`tail`)."""


def read_average(text: str | None) -> tuple[str, float]:
    """Return the name and the number of a weight average.

    ema=0.99    exponential moving average of the weights with this averaging rate
    tail=0.5    mean of the weights over the rest of the run after this share

    None, an empty text and `none` mean no average: ("", 0). Raises UsageError.
    """
    if text is None or text.strip().lower() in ("", "none"):
        return "", 0.0
    name, equals, value = text.strip().lower().partition("=")
    if name not in AVERAGES:
        raise UsageError(
            f"There is no average '{name}'.", "", did_you_mean(name, AVERAGES), allowed=tuple(AVERAGES)
        )
    try:
        share = float(value) if equals else AVERAGES[name].default
    except ValueError:
        share = math.nan
    if not 0 <= share < 1:
        raise UsageError(
            f"--average {text} cannot be used.",
            "The number is at least 0 and below 1.",
            "Write ema=0.99 or tail=0.5.",
            option="average",
            value=text,
            allowed="a number at least 0 and below 1",
        )
    return name, share
