"""Detection of codes for missing values: numbers such as -999 that stand for "missing".

A number that is such a code in one column is a code in every column, and in the target, if it is the lowest
value there. Numbers that are only perhaps codes are reported to the user and stay numbers.
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
    """Return a code for "missing" as a number, such as -999.0, or None if the code is a word."""
    try:
        return float(str(code))
    except ValueError:
        return None


def missing_codes(numbers: np.ndarray, known: Iterable[float] = ()) -> list[float]:
    """Return those `numbers` [n] of a column that stand for "missing", such as -999, in ascending order.

    known: codes of other columns. Such a number is a code if it is the lowest value. Any other code must be
    -99, -999, … or -999999, occur at least twice, and be the lowest value. The values above it must be at
    least 0, begin with another such number, or lie far above it. NaN is ignored.
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
    """A smallest or largest value that occurs often in a column, and is thus perhaps a code for "missing".

    name: name of the column. side: "low" for its smallest value, "high" for its largest. share: share of the
    column's values that are equal to it. apart: whether all other values are far away from it.
    """

    name: str
    side: Literal["low", "high"]
    value: float
    share: float
    apart: bool


def extremes(name: str, values: np.ndarray) -> list[Extreme]:
    """Return the smallest and largest of the `values` [n] of a column, if they are candidates for codes.

    A code is a number that stands for "missing", such as -999. A candidate is an integer, at least 9 or at
    most -9. At least 1 % of the values, and at least five, are equal to it. At least five differ from it.
    name: name of the column.
    """
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
    """Return those frequent smallest and largest values of columns that are perhaps codes for "missing".

    If a value lies far from all others in one column, it is suspected in every column in which it is the same
    extreme (smallest or largest). One of -99, -999, … and -999999 is also suspected if it is a frequent
    smallest value in several columns.
    """
    apart = {(extreme.side, extreme.value) for extreme in found if extreme.apart}
    lowest = [extreme.value for extreme in found if extreme.side == "low"]
    shared = {("low", value) for value in MISSING_CODES if lowest.count(value) > 1}
    return [extreme for extreme in found if (extreme.side, extreme.value) in apart | shared]
