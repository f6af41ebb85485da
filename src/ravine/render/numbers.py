"""Numbers in reports as text: scores, learning rates, values with errors, counts, times, sizes.

Scores are rounded to one or two digits of the smallest uncertainty in their report. Their intervals are shown
as ± the longer side, so that they never look narrower than they are. In two cases, the two ends are shown
instead: if ± would reach beyond a bound of the metric, such as 100 %, and if ± would contain 0 but the
interval of a difference does not. A dash stands for a missing number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from ravine.render.cells import printable

__all__ = [
    "MIN_INTERVAL_SEEDS",
    "MISSING_CELL",
    "ScoreFormat",
    "byte_size",
    "count",
    "every",
    "fold",
    "is_number",
    "learning_rate",
    "listed",
    "longer_side",
    "number",
    "percent",
    "score_format_for",
    "seconds",
    "signed",
    "with_error",
    "with_interval",
]

MIN_INTERVAL_SEEDS = 3  # of a confidence interval
MAX_DECIMALS = 6  # of a value with its interval; a smaller uncertainty is written with an exponent
BOUND_ERROR = 1e-9  # rounding error of a score at a bound of its metric
ROUNDING = 1e-12  # relative uncertainty below which values that are equal differ by rounding alone
MISSING_CELL = "–"  # a cell without a value


# ------------------------------------------------------------------------------------------------- numbers


def is_number(value: object) -> TypeGuard[float]:
    """Return whether `value` is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def number(value: object, digits: int = 3) -> str:
    """Return a number as text with `digits` significant digits: `0.00312`, `3.1e-05` or `∞`.

    A number from 1,000 to 10,000,000 with more digits before the point keeps them all, as `1,234`. A dash
    stands for a value that is not a number.
    """
    if isinstance(value, float) and math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if not is_number(value):
        return MISSING_CELL
    if value and 1e3 <= abs(value) < 1e7 and round(abs(value)) >= 10**digits:
        return f"{value:,.0f}"
    return f"{value:.{digits}g}" if value else "0"


def learning_rate(value: object) -> str:
    """Return a learning rate as text with three significant digits, `0.00312` or `3.1e-05`; or a dash."""
    return f"{value:.3g}" if is_number(value) else MISSING_CELL


def percent(share: object, decimals: int = 0) -> str:
    """Return a share between 0 and 1 as a text in percent, such as `83 %`; a dash if it is missing."""
    return f"{100 * share:.{decimals}f} %" if is_number(share) else MISSING_CELL


def count(amount: int, noun: str, plural: str = "") -> str:
    """Return a count with its noun, `1,234 rows` or `1 row`. plural: plural of a noun that takes no s."""
    return f"{amount:,} {noun if amount == 1 else plural or noun + 's'}"


def every(amount: int, noun: str) -> str:
    """Return words for all of a number of items: `the optimizer`, `both optimizers`, `all 3 optimizers`."""
    return f"the {noun}" if amount == 1 else f"both {noun}s" if amount == 2 else f"all {count(amount, noun)}"


def fold(decades: object) -> str:
    """Return the width of a range, given in powers of ten, as a factor: 2.8 gives `630-fold`; or a dash."""
    if not is_number(decades) or decades > 300:
        return MISSING_CELL
    factor = float(f"{10**decades:.2g}")
    return f"{factor:,.0f}-fold" if factor >= 10 else f"{factor:g}-fold"


def listed(words: Sequence[str]) -> str:
    """Return words as an enumeration: `adam`, `adam and sgd`, `adam, sgd and momentum`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def seconds(value: object) -> str:
    """Return a time in seconds as text: `0.13 s`, `4.2 s`, `3 min 20 s`, `2 h 5 min`; a dash if missing."""
    if not is_number(value):
        return MISSING_CELL
    if value < 60:
        return f"{value:.2g} s" if value < 10 else f"{value:.0f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def byte_size(amount: float) -> str:
    """Return a number of bytes as text in decimal units: `812 B`, `4.2 kB`, `31 MB`."""
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if amount >= 10 or unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


# ------------------------------------------------------------------------------------- values with errors


def with_error(value: object, error: object) -> str:
    """Return a value with its error, which has one digit, as `2.63 ± 0.1`; `2.634` without an error."""
    if not is_number(value):
        return MISSING_CELL
    if not is_number(error):
        return f"{value:.4g}"
    return f"{value:.{4 if error < 5e-4 * abs(value) else 3}g} ± {error:.1g}"


def with_interval(value: object, interval: object, scale: float = 1.0, decimals: int | None = None) -> str:
    """Return a value with the longer side of its interval as text, `2.63 ± 0.14`, both times `scale`.

    decimals: number of decimals; None shows one or two digits of the uncertainty. A dash stands for a missing
    value.
    """
    if not is_number(value):
        return MISSING_CELL
    middle, half_width = scale * value, longer_side(value, interval)
    if decimals is None:
        if not half_width or half_width < ROUNDING * abs(value) or not math.isfinite(scale * half_width):
            return f"{middle:.3g}"
        decimals = max(0, 1 - math.floor(math.log10(scale * half_width) + 0.3))
        if decimals > MAX_DECIMALS:
            return f"{middle:.3g} ± {scale * half_width:.1g}"
    more = "" if half_width is None else f" ± {scale * half_width:.{decimals}f}"
    return f"{middle:.{decimals}f}{more}"


def longer_side(value: object, interval: object) -> float | None:
    """Return the larger distance from `value` to an end of `interval` [low, high]; None if one is missing."""
    if not is_number(value) or not isinstance(interval, Sequence) or not all(map(is_number, interval)):
        return None
    return max(interval[1] - value, value - interval[0], 0.0) if len(interval) == 2 else None


# -------------------------------------------------------------------------------------------------- scores


@dataclass(frozen=True)
class ScoreFormat:
    """The format of the scores of one metric: `scale` times the score, with `decimals` decimals.

    A report uses one format, so that all its scores have the same unit and the same decimals. scale: 100 for
    a metric that is shown in percent, else 1. bounds: smallest and largest possible score.
    """

    metric: str
    greater_is_better: bool
    scale: float
    decimals: int
    bounds: tuple[float, float] = (-math.inf, math.inf)

    @property
    def unit(self) -> str:
        """The unit after a score: % or nothing."""
        return "%" if self.scale == 100 else ""

    @property
    def step(self) -> str:
        """The unit of a difference of two scores in words: `points`, or `in` and the name of the metric."""
        return "points" if self.scale == 100 else f"in {self.metric}"

    def number(self, value: object) -> str:
        """Return a score as text without its unit; a dash for a missing score."""
        if not is_number(value):
            return MISSING_CELL
        scaled = value * self.scale
        too_long = abs(scaled) >= 1e7 or (scaled != 0 and abs(scaled) < 0.5 * 10**-self.decimals)
        return f"{scaled:.3g}" if too_long else f"{scaled:.{self.decimals}f}"

    def with_interval(self, value: float | None, interval: Sequence[float | None] | None) -> str:
        """Return a score with its interval as `97.8 ± 0.4`, where 0.4 is the longer side of the interval.

        If ± would reach beyond a bound of the metric, the text is `97 [83, 100]`. Without an interval, the
        text is the score alone.
        """
        longer = longer_side(value, interval)
        if value is None or interval is None or longer is None:
            return self.number(value)
        low, high = self.bounds
        if value - longer < low - BOUND_ERROR or value + longer > high + BOUND_ERROR:
            return f"{self.number(value)} [{self.ends(interval, ', ')}]"
        return f"{self.number(value)} ± {self.number(longer)}"

    def with_unit(self, value: float | None, interval: Sequence[float | None] | None = None) -> str:
        """Return a score with its unit, and its interval if there is one, as `97.8 ± 0.4 %` or `97.8 %`.

        A metric without a unit gives a text without a unit.
        """
        return " ".join(filter(None, (self.with_interval(value, interval), self.unit)))

    def difference(self, value: object, interval: object = None) -> str:
        """Return a difference of two scores with its interval as text, `+0.4 ± 0.3`.

        If the interval excludes 0, but ± its longer side would not, the text is `+0.4 [0.1, 1.2]`. A
        difference that rounds to 0 has no sign. A missing difference is a dash.
        """
        value_text, interval_text = self._parts(value, interval)
        return value_text + interval_text

    def change(self, value: object, interval: object = None, sign: bool = True) -> str:
        """Return a difference of two scores with its unit: `+0.4 ± 0.3 points`, `+0.4 points [0.1, 1.2]`.

        sign: whether the sign is shown; False shows the absolute value, and its interval.
        """
        if not sign and is_number(value) and value < 0:
            ends = list(interval) if isinstance(interval, Sequence) else []
            mirrored = [None if end is None else -end for end in reversed(ends)]
            value, interval = -value, mirrored or None
        value_text, interval_text = self._parts(value, interval)
        value_text = value_text if sign else value_text.removeprefix("+")
        unit = f" {self.step}"
        return value_text + (unit + interval_text if "[" in interval_text else interval_text + unit)

    def _parts(self, value: object, interval: object) -> tuple[str, str]:
        """Return the texts of a difference and of its interval; the second is empty without an interval."""
        if not is_number(value):
            return MISSING_CELL, ""
        longer = longer_side(value, interval)
        shown = signed(value * self.scale, self.decimals)
        if longer is None:
            return shown, ""
        if self._excludes_zero(interval) and not self._shows_more(value, longer):
            return shown, f" [{self.ends(interval, ', ')}]"
        return shown, f" ± {self.number(longer)}"

    def ends(self, interval: object, between: str = " to ") -> str:
        """Return the two ends of an interval as `0.1 to 1.2`; a dash for an end that is missing."""
        return between.join(map(self.number, interval)) if isinstance(interval, Sequence) else MISSING_CELL

    def _excludes_zero(self, interval: object) -> bool:
        ends = list(interval) if isinstance(interval, Sequence) else []
        return bool(ends) and (min(ends) > 0 or max(ends) < 0)

    def _shows_more(self, value: float, longer: float) -> bool:
        """Return whether a value is larger than the longer side of its interval, both as they are shown."""
        return round(abs(value) * self.scale, self.decimals) > round(longer * self.scale, self.decimals)


def signed(value: float, decimals: int) -> str:
    """Return a number with its sign, as `+0.4` or `-0.4`; `0.0` if the number rounds to 0."""
    text = f"{abs(value):.{decimals}f}"
    return ("+" if value > 0 else "-") * bool(float(text)) + text


def score_format_for(
    metric: str,
    percent: bool,
    greater_is_better: bool,
    scores: Iterable[tuple[object, object]],
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> ScoreFormat:
    """Return the common format of several scores, with enough decimals for the smallest uncertainty.

    percent: whether the metric is a share that is shown in percent. scores: pairs of a value and its
    interval; None in place of an interval that is missing. bounds: smallest and largest possible score.
    """
    scores, scale = list(scores), 100.0 if percent else 1.0
    sides = [longer_side(value, interval) for value, interval in scores]
    smallest = min((half_width * scale for half_width in sides if half_width), default=None)
    if smallest is None:
        values = [abs(value) * scale for value, _ in scores if is_number(value) and value]
        smallest = max(values, default=1.0) / 100
    # one digit of the uncertainty, or two if the first is a 1: 0.3, 0.14
    decimals = max(0, -math.floor(math.log10(min(max(smallest / 2, 1e-300), 1e300))))
    decimals = min(decimals, 2 if percent else MAX_DECIMALS)
    return ScoreFormat(printable(metric), greater_is_better, scale, decimals, bounds)
