"""Codes for missing values: numbers such as -999 that stand for "missing", in one column or in several.

A code of one column is a code of every column whose lowest value it is, and of the target. Numbers that are
perhaps codes are only reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

__all__ = ["MISSING_CODES", "Extreme", "as_float", "extremes", "missing_codes", "suspects"]

MISSING_CODES = (-99.0, -999.0, -9999.0, -99999.0, -999999.0)
"""Numbers that often stand for "missing"."""
MIN_SHARE, MIN_ROWS = 0.01, 5  # of a value that is perhaps a code
MIN_SIZE = 9  # smallest size of such a value
GAP_WIDTHS = 2  # distance of such a value from the others, in widths of their range


def as_float(code: object) -> float | None:
    """Return a code for "missing" as a number, or None if it is a word."""
    try:
        return float(str(code))
    except ValueError:
        return None


def missing_codes(numbers: np.ndarray, known: Iterable[float] = ()) -> list[float]:
    """Return the codes for "missing" in `numbers` [n], from the lowest on; NaN is ignored.

    known: codes of other columns. Such a code only needs to be the lowest value. Any other code is one of
    `MISSING_CODES`, occurs at least twice, and lies far below all other values.
    """
    codes: list[float] = []
    known = frozenset(known)
    values = numbers[~np.isnan(numbers)]
    while len(values):
        low = float(values.min())
        rest = values[values > low]
        if len(rest) < 2 or not (low in known or _stands_apart(low, len(values) - len(rest), rest)):
            break
        codes.append(low)
        values = rest
    return codes


def _stands_apart(low: float, count: int, rest: np.ndarray) -> bool:
    """Return whether the value `low`, which occurs `count` times, is a code next to the `rest` [m]."""
    if low not in MISSING_CODES or count < 2:
        return False
    # In a quantity that is otherwise never negative, -999 is a code. In any other, the gap must be wide.
    if rest.min() >= 0 or rest.min() in MISSING_CODES:
        return True
    quartiles = np.quantile(rest, [0.25, 0.75])
    return bool(rest.min() - low > 3 * max(quartiles[1] - quartiles[0], 1e-300))


@dataclass(frozen=True)
class Extreme:
    """A frequent smallest or largest value of a column.

    name: the column. share: share of the rows with the value. apart: whether all other values are far away.
    """

    name: str
    side: Literal["low", "high"]
    value: float
    share: float
    apart: bool


def extremes(name: str, values: np.ndarray) -> list[Extreme]:
    """Return the smallest and the largest of `values` [n] that are whole, frequent and not small."""
    found = []
    ends: tuple[tuple[Literal["low", "high"], float], ...] = (
        ("low", float(values.min())),
        ("high", float(values.max())),
    )
    for side, value in ends:
        if abs(value) < MIN_SIZE or value != np.floor(value):
            continue
        rest = values[values != value]
        count = len(values) - len(rest)
        if count < max(MIN_ROWS, MIN_SHARE * len(values)) or len(rest) < MIN_ROWS:
            continue
        with np.errstate(over="ignore"):  # the range of float64 overflows
            width = rest.max() - rest.min()
            gap = min(abs(value - rest.min()), abs(value - rest.max()))
        apart = bool(width > 0 and gap > GAP_WIDTHS * width and len(np.unique(rest)) > 2)
        found.append(Extreme(name, side, value, count / len(values), apart))
    return found


def suspects(found: Sequence[Extreme]) -> list[Extreme]:
    """Return the extremes that are perhaps codes for "missing".

    A value that lies apart in one column is suspected in every column with this extreme. One of
    `MISSING_CODES` is also suspected if it is the lowest value of several columns.
    """
    apart = {(extreme.side, extreme.value) for extreme in found if extreme.apart}
    lowest = [extreme.value for extreme in found if extreme.side == "low"]
    shared = {("low", value) for value in MISSING_CODES if lowest.count(value) > 1}
    return [extreme for extreme in found if (extreme.side, extreme.value) in apart | shared]
