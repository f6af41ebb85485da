"""Numbers as people read them: accuracies in per cent, one or two digits of the uncertainty, rates in three.

`ScoreFormat` is made once for a document, so that all its scores have the same unit and the same decimals.
An interval is shown as ± its longer side: never tighter than it is. Where it was cut because its metric ends
there, it is shown by its ends.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

__all__ = [
    "FEWEST_SEEDS",
    "ScoreFormat",
    "cells",
    "cut",
    "is_number",
    "labels",
    "rate",
    "score_format",
    "side",
]

FEWEST_SEEDS = 3  # for an interval
PER_CENT = ("accuracy", "balanced_accuracy")
MISSING = "–"


@dataclass(frozen=True)
class ScoreFormat:
    """How scores of one metric are written: `scale` times the value, with `decimals`."""

    metric: str
    greater_is_better: bool
    scale: float
    decimals: int

    @property
    def unit(self) -> str:
        """What stands behind a score."""
        return "%" if self.scale == 100 else ""

    @property
    def step(self) -> str:
        """What stands behind a difference of scores."""
        return "points" if self.scale == 100 else f"in {self.metric}"

    def number(self, value: Any) -> str:
        """Return one score without its unit; a dash if there is none."""
        if not is_number(value):
            return MISSING
        scaled = value * self.scale
        too_long = abs(scaled) >= 1e7 or (scaled != 0 and abs(scaled) < 0.5 * 10**-self.decimals)
        return f"{scaled:.3g}" if too_long else f"{scaled:.{self.decimals}f}"

    def with_interval(self, value: Any, interval: Any) -> str:
        """Return `97.8 ± 0.4`, or the value alone if there is no interval.

        `97 [83, 100]` where the interval was cut at 0 or 1, and ± would reach beyond.
        """
        longer = side(value, interval)
        if longer is None:
            return self.number(value)
        low, high = interval
        if (low == 0 and value - longer < 0) or (high == 1 and value + longer > 1):
            return f"{self.number(value)} [{self.number(low)}, {self.number(high)}]"
        return f"{self.number(value)} ± {self.number(longer)}"


def score_format(document: Mapping[str, Any]) -> ScoreFormat:
    """Return the format of a compare document's scores, fine enough for its smallest uncertainty."""
    metric = document.get("metric") or {}
    name = clean(metric.get("name", "score"))
    scale = 100.0 if name in PER_CENT else 1.0
    rows = document.get("leaderboard") or []
    sides = [side(row.get("mean"), row.get("interval")) for row in rows]
    smallest = min((each * scale for each in sides if each), default=None)
    if smallest is None:
        values = [abs(row["mean"]) * scale for row in rows if is_number(row.get("mean")) and row["mean"]]
        smallest = max(values, default=1.0) / 100
    # one digit of the uncertainty, two where the first is a 1: 0.3, 0.14
    decimals = max(0, -math.floor(math.log10(max(smallest / 2, 1e-300))))
    greater = bool(metric.get("greater_is_better", True))
    return ScoreFormat(name, greater, scale, min(decimals, 6 if scale == 1 else 2))


def is_number(value: Any) -> TypeGuard[float]:
    """Return whether `value` is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def side(value: Any, interval: Any) -> float | None:
    """Return the longer side of `interval` [low, high] around `value`; None if either is missing."""
    if not is_number(value) or not isinstance(interval, Sequence) or not all(map(is_number, interval)):
        return None
    return max(interval[1] - value, value - interval[0], 0.0) if len(interval) == 2 else None


def rate(value: Any) -> str:
    """Return a learning rate in three figures: `0.00312`, `3.1e-05`."""
    return f"{value:.3g}" if is_number(value) else MISSING


def labels(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what each row is called: its optimizer, with the schedule where an optimizer comes twice."""
    names = [clean(row.get("optimizer", "?")) for row in rows]
    return [
        f"{name} ({clean(row.get('schedule', '?'))})" if names.count(name) > 1 else name
        for name, row in zip(names, rows, strict=True)
    ]


def clean(text: Any) -> str:
    """Return `text` without control characters: names come from files, and a terminal obeys them."""
    return "".join(each if each.isprintable() else "?" for each in str(text))


def cells(text: str) -> int:
    """Return how many columns of a terminal `text` takes."""
    wide = sum(unicodedata.east_asian_width(each) in "WF" for each in text)
    return len(text) + wide - sum(unicodedata.combining(each) > 0 for each in text)


def cut(text: str, width: int) -> str:
    """Return `text`, shortened with an ellipsis if it takes more than `width` columns."""
    if cells(text) <= width:
        return text
    while text and cells(text) > width - 1:
        text = text[:-1]
    return text + "…" if width > 0 else ""
