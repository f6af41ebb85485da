"""Numbers as people read them: scores, learning rates, values with their errors, counts, times, sizes.

A score has one or two digits of its uncertainty. An interval is shown as ± its longer side: never tighter
than it is. An interval that was cut because its metric ends there is shown by its ends. A dash stands for a
missing number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from ravine.render.cells import printable

__all__ = [
    "FEWEST_SEEDS",
    "MISSING",
    "ScoreFormat",
    "byte_size",
    "count",
    "is_number",
    "learning_rate",
    "longer_side",
    "number",
    "percent",
    "score_format_for",
    "seconds",
    "signed",
    "with_error",
    "with_interval",
]

FEWEST_SEEDS = 3  # for an interval
MAX_DECIMALS = 6  # of a value with its interval; a smaller uncertainty is written with an exponent
ROUNDING = 1e-12  # relative uncertainty below which values that are equal differ by rounding alone
MISSING = "–"  # a cell without a value


# ------------------------------------------------------------------------------------------------- numbers


def is_number(value: object) -> TypeGuard[float]:
    """Return whether `value` is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def number(value: object, digits: int = 3) -> str:
    """Return a number in `digits` digits: `0.00312`, `1,234`, `3.1e-05`, `∞`; a dash if there is none."""
    if isinstance(value, float) and math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if not is_number(value):
        return MISSING
    if value and 1e3 <= abs(value) < 1e7 and round(abs(value)) >= 10**digits:
        return f"{value:,.0f}"
    return f"{value:.{digits}g}" if value else "0"


def learning_rate(value: object) -> str:
    """Return a learning rate in three digits: `0.00312`, `3.1e-05`."""
    return f"{value:.3g}" if is_number(value) else MISSING


def percent(share: object, decimals: int = 0) -> str:
    """Return a share as `83 %`."""
    return f"{100 * share:.{decimals}f} %" if is_number(share) else MISSING


def count(amount: int, noun: str, plural: str = "") -> str:
    """Return `1,234 rows`, `1 row`; plural: where it is not the noun with an s."""
    return f"{amount:,} {noun if amount == 1 else plural or noun + 's'}"


def seconds(value: object) -> str:
    """Return a time: `0.13 s`, `4.2 s`, `3 min 20 s`, `2 h 5 min`."""
    if not is_number(value):
        return MISSING
    if value < 60:
        return f"{value:.2g} s" if value < 10 else f"{value:.0f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def byte_size(amount: float) -> str:
    """Return a size in decimal units: `812 B`, `4.2 kB`, `31 MB`."""
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if amount >= 10 or unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


# ------------------------------------------------------------------------------------- values with errors


def with_error(value: object, error: object) -> str:
    """Return `2.63 ± 0.1`: the error in one digit, the value in three or four; `2.634` without an error."""
    if not is_number(value):
        return MISSING
    if not is_number(error):
        return f"{value:.4g}"
    return f"{value:.{4 if error < 5e-4 * abs(value) else 3}g} ± {error:.1g}"


def with_interval(value: object, interval: object, scale: float = 1.0, decimals: int | None = None) -> str:
    """Return `2.63 ± 0.14`, times `scale`; decimals: None for one or two digits of the uncertainty."""
    if not is_number(value):
        return MISSING
    middle, away = scale * value, longer_side(value, interval)
    if decimals is None:
        if not away or away < ROUNDING * abs(value):
            return f"{middle:.3g}"
        decimals = max(0, 1 - math.floor(math.log10(scale * away) + 0.3))
        if decimals > MAX_DECIMALS:
            return f"{middle:.3g} ± {scale * away:.1g}"
    more = "" if away is None else f" ± {scale * away:.{decimals}f}"
    return f"{middle:.{decimals}f}{more}"


def longer_side(value: object, interval: object) -> float | None:
    """Return the longer side of `interval` [low, high] around `value`; None if either is missing."""
    if not is_number(value) or not isinstance(interval, Sequence) or not all(map(is_number, interval)):
        return None
    return max(interval[1] - value, value - interval[0], 0.0) if len(interval) == 2 else None


# -------------------------------------------------------------------------------------------------- scores


@dataclass(frozen=True)
class ScoreFormat:
    """The format of the scores of one metric: `scale` times the value, with `decimals`.

    A report uses one format, so that all its scores have the same unit and the same decimals.
    """

    metric: str
    greater_is_better: bool
    scale: float
    decimals: int

    @property
    def unit(self) -> str:
        """The sign behind a score."""
        return "%" if self.scale == 100 else ""

    @property
    def step(self) -> str:
        """The words behind a difference of scores."""
        return "points" if self.scale == 100 else f"in {self.metric}"

    def number(self, value: object) -> str:
        """Return one score without its unit; a dash if there is none."""
        if not is_number(value):
            return MISSING
        scaled = value * self.scale
        too_long = abs(scaled) >= 1e7 or (scaled != 0 and abs(scaled) < 0.5 * 10**-self.decimals)
        return f"{scaled:.3g}" if too_long else f"{scaled:.{self.decimals}f}"

    def with_interval(self, value: float | None, interval: Sequence[float | None] | None) -> str:
        """Return `97.8 ± 0.4`, or the value alone if there is no interval.

        `97 [83, 100]` where the interval was cut at 0 or 1, and ± would reach beyond.
        """
        longer = longer_side(value, interval)
        if value is None or interval is None or longer is None:
            return self.number(value)
        low, high = interval
        if (low == 0 and value - longer < 0) or (high == 1 and value + longer > 1):
            return f"{self.number(value)} [{self.number(low)}, {self.number(high)}]"
        return f"{self.number(value)} ± {self.number(longer)}"

    def with_unit(self, value: float | None, interval: Sequence[float | None] | None = None) -> str:
        """Return `97.8 ± 0.4 %`, without a unit where the metric has none."""
        return " ".join(filter(None, (self.with_interval(value, interval), self.unit)))

    def difference(self, value: object, interval: object = None) -> str:
        """Return `+0.4 ± 0.3`; no sign for a difference that shows as 0; a dash if there is none."""
        if not is_number(value):
            return MISSING
        longer = longer_side(value, interval)
        shown = signed(value * self.scale, self.decimals)
        return shown + (f" ± {self.number(longer)}" if longer is not None else "")


def signed(value: float, decimals: int) -> str:
    """Return `+0.4` or `-0.4`, and `0.0` where nothing else is left of it."""
    text = f"{abs(value):.{decimals}f}"
    return ("+" if value > 0 else "-") * bool(float(text)) + text


def score_format_for(
    metric: str, percent: bool, greater_is_better: bool, scores: Iterable[tuple[object, object]]
) -> ScoreFormat:
    """Return a format fine enough for the smallest uncertainty of scores (value, interval or None).

    percent: whether the metric is a share, shown in percent; a property of the metric.
    """
    scores, scale = list(scores), 100.0 if percent else 1.0
    sides = [longer_side(value, interval) for value, interval in scores]
    smallest = min((away * scale for away in sides if away), default=None)
    if smallest is None:
        values = [abs(value) * scale for value, _ in scores if is_number(value) and value]
        smallest = max(values, default=1.0) / 100
    # one digit of the uncertainty, two where the first is a 1: 0.3, 0.14
    decimals = max(0, -math.floor(math.log10(max(smallest / 2, 1e-300))))
    return ScoreFormat(printable(metric), greater_is_better, scale, min(decimals, 2 if percent else 6))
