"""Columns that give the target away. They are named, never dropped: the user knows where they come from.

A column is suspected where it alone, cut into bins on one half of the rows (or by its nearest value there),
predicts the target of the other half with a twentieth of the error of always naming the largest class; or,
for numbers, where it is (nearly) a monotone function of the target, or a category whose target ranges do not
overlap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["suspected_leaks"]

ROWS = 10_000  # judged on at most this many
LEAST = 50  # and at least this many
ERROR_LEFT = 0.05
CORRELATION = 0.9995


def suspected_leaks(
    columns: dict[str, pd.Series], y: np.ndarray, classify: bool
) -> tuple[list[str], list[str]]:
    """Return the columns `[n]` that alone give the target `[n]` away, and those that do so as a set."""
    if len(y) < LEAST:
        return [], []
    order = np.random.default_rng(0).permutation(len(y))[:ROWS]
    y = y[order]
    alone, shares = [], []
    for name, column in columns.items():
        codes = _codes(column, order)
        if codes is None:
            continue
        if _tells_classes(codes, y) if classify else _tells_numbers(codes, y, column):
            alone.append(name)
        elif classify:
            shares.append((name, codes))
    return alone, _copies(shares, y) if classify else []


def _codes(column: pd.Series, rows: np.ndarray) -> np.ndarray | None:
    """Return some rows as float64, categories by level number, gaps as the smallest value of all."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        values = column.to_numpy(np.float64, na_value=np.nan)[rows]
    elif pd.api.types.is_datetime64_any_dtype(column.dtype):
        return None
    else:
        values = pd.factorize(column.iloc[rows].astype(str))[0].astype(np.float64)
    seen = values[np.isfinite(values)]
    if not len(seen) or seen.min() == seen.max():
        return None
    filled: np.ndarray = np.where(np.isfinite(values), values, seen.min() - 1)
    return filled


def _tells_classes(codes: np.ndarray, y: np.ndarray) -> bool:
    half = len(y) // 2
    levels = np.unique(codes[:half])
    bins = min(512, half // 5)
    edges = levels if len(levels) <= bins else np.unique(np.quantile(codes[:half], np.linspace(0, 1, bins)))
    if len(levels) > bins and len(levels) == half and half < 100:
        return False
    place = np.searchsorted(edges, codes, side="right")
    k = int(y.max()) + 1
    cells = np.bincount(place[:half] * k + y[:half], minlength=(len(edges) + 1) * k)
    table = cells.reshape(len(edges) + 1, k)
    largest = int(np.bincount(y[:half], minlength=k).argmax())
    says = np.where(table.sum(1) > 0, table.argmax(1), largest)
    error = np.mean(says[place[half:]] != y[half:])
    if len(levels) > bins:  # a bin may lie across the border of two classes, a neighbour does not
        error = min(error, np.mean(_nearest(codes[:half], y[:half], codes[half:]) != y[half:]))
    plain = np.mean(y[half:] != largest)
    return bool(plain > 0 and error <= ERROR_LEFT * plain)


def _nearest(values: np.ndarray, y: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Return the label of the nearest of `values` [n] for each of `asked` [m]."""
    order = np.argsort(values, kind="stable")
    values, y = values[order], y[order]
    right = np.clip(np.searchsorted(values, asked), 1, len(values) - 1)
    nearer = np.where(asked - values[right - 1] <= values[right] - asked, right - 1, right)
    return y[nearer]


def _tells_numbers(codes: np.ndarray, y: np.ndarray, column: pd.Series) -> bool:
    import pandas as pd

    levels, counts = np.unique(codes, return_counts=True)
    if len(levels) <= 20:
        # Target ranges that do not overlap: the level changes just levels - 1 times along the sorted target.
        ordered = codes[np.argsort(y, kind="stable")]
        return bool(counts.min() >= 5 and np.sum(ordered[1:] != ordered[:-1]) == len(levels) - 1)
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return False
    return max(abs(_correlation(codes, y)), abs(_correlation(_ranks(codes), _ranks(y)))) >= CORRELATION


def _ranks(values: np.ndarray) -> np.ndarray:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt(np.dot(a, a) * np.dot(b, b)))
    return float(np.dot(a, b)) / norm if norm > 0 else 0.0


def _copies(columns: list[tuple[str, np.ndarray]], y: np.ndarray) -> list[str]:
    """Return two-valued columns that mark one class each, where together they tell all classes."""
    marks: dict[int, list[str]] = {}
    classes = np.unique(y)
    for name, codes in columns:
        low, high = codes.min(), codes.max()
        up = codes == high
        if not np.all(up | (codes == low)):
            continue
        for side in (up, ~up):
            inside = np.unique(y[side])
            if len(inside) == 1 and side.sum() == np.sum(y == inside[0]):
                marks.setdefault(int(inside[0]), []).append(name)
    if len(marks) < max(len(classes) - 1, 2):
        return []
    return [name for names in marks.values() for name in names]
