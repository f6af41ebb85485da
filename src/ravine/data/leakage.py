"""Columns that give the target away (leaks). They are reported and never dropped, since the user decides.

Classes   A column is suspected if, on its own, it predicts held-out targets with at most 1/20 of the error of
          always naming the largest class. One half of the rows defines bins (and nearest neighbors), and the
          other half is predicted. Columns of two values are suspected if together they mark all classes.
One class A column is suspected if, on its own, it separates one class from all others: with at most 1/20 of
          the error of never naming the class, or with an area under the ROC curve of at least 0.999.
Numbers   A column is suspected if it is almost a linear or monotonic function of the target, or a category
          whose levels have target ranges that do not overlap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["class_leaks", "suspected_leaks"]

MAX_ROWS = 10_000  # most rows of the test for leaks
MIN_ROWS = 50  # fewest rows of the test for leaks
MAX_ERROR_RATIO = 0.05  # largest error of a suspected column, relative to always naming the largest class
MIN_AUC = 0.999  # smallest area under the ROC curve of a suspected column, for one class
MIN_CLASS_ROWS = 25  # fewest rows of a class in the half that is predicted; 1/20 of fewer is below one row
FEW_LEVELS = 20  # most values of a column that is treated as a category
MIN_CORRELATION = 0.9995  # smallest correlation of a suspected column with a target of numbers


def suspected_leaks(
    columns: dict[str, pd.Series], y: np.ndarray, classify: bool
) -> tuple[list[str], list[str]]:
    """Return the names of columns that give the target away alone, and of columns that do so together.

    columns    name -> values [n]
    y          target [n]: class indices or numbers
    classify   whether the target holds classes
    """
    if len(y) < MIN_ROWS:
        return [], []
    order = np.random.default_rng(0).permutation(len(y))[:MAX_ROWS]
    y = y[order]
    alone, shares = [], []
    for name, column in columns.items():
        codes = _codes(column, order)
        if codes is None:
            continue
        if _predicts_classes(codes, y) if classify else _predicts_numbers(codes, y, column):
            alone.append(name)
        elif classify:
            shares.append((name, codes))
    return alone, _copies(shares, y) if classify else []


def class_leaks(columns: dict[str, pd.Series], y: np.ndarray) -> dict[str, list[int]]:
    """Return the classes that single columns separate from all others, by name of the column.

    columns    name -> values [n]
    y          class indices [n]

    Columns that separate no class are left out. Classes with few rows are not examined.
    """
    if len(y) < MIN_ROWS:
        return {}
    order = np.random.default_rng(0).permutation(len(y))[:MAX_ROWS]
    y = y[order]
    found = {}
    for name, column in columns.items():
        codes = _codes(column, order)
        if codes is not None and (classes := _separated_classes(codes, y)):
            found[name] = classes
    return found


def _separated_classes(codes: np.ndarray, y: np.ndarray) -> list[int]:
    """Return the classes in `y` [n] that `codes` [n] separate from all others.

    The first half of the rows defines bins and the direction, and the second half is predicted.
    """
    half, k = len(y) // 2, int(y.max()) + 1
    rows = np.bincount(y[half:], minlength=k)
    enough = rows >= MIN_CLASS_ROWS
    if not enough.any():
        return []
    levels = np.unique(codes[:half])
    bins = min(512, half // 5)
    edges = levels if len(levels) <= bins else np.unique(np.quantile(codes[:half], np.linspace(0, 1, bins)))
    bin_index = np.searchsorted(edges, codes, side="right")
    cells = np.bincount(bin_index[:half] * k + y[:half], minlength=(len(edges) + 1) * k)
    table = cells.reshape(len(edges) + 1, k)
    named = 2 * table > table.sum(axis=1, keepdims=True)  # [bin, class]: whether the class is predicted
    predicted, true = named[bin_index[half:]], y[half:, None] == np.arange(k)
    errors = np.sum(predicted != true, axis=0)
    if len(levels) > FEW_LEVELS:  # a bin may contain the border of two classes; the neighbor is finer
        nearest = _nearest(codes[:half], y[:half], codes[half:])
        errors = np.minimum(errors, np.sum((nearest[:, None] == np.arange(k)) != true, axis=0))
    constant = np.minimum(rows, len(true) - rows)
    separated = enough & (errors <= MAX_ERROR_RATIO * constant) & (constant > 0)
    ranks = _ranks(codes[half:])
    for index in np.flatnonzero(enough & ~separated):
        inside, outside = rows[index], len(true) - rows[index]
        if outside >= MIN_CLASS_ROWS:
            above = ranks[true[:, index]].sum() - inside * (inside + 1) / 2
            area = above / (inside * outside)
            separated[index] = max(area, 1 - area) >= MIN_AUC
    return [int(index) for index in np.flatnonzero(separated)]


def _codes(column: pd.Series, rows: np.ndarray) -> np.ndarray | None:
    """Return some rows of a column as numbers [rows], or None for dates and constants.

    Levels of a category become their number. Missing values become smaller than all others.
    """
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        values = column.to_numpy(np.float64, na_value=np.nan)[rows]
    elif pd.api.types.is_datetime64_any_dtype(column.dtype):
        return None
    else:
        values = pd.factorize(column.iloc[rows].astype(str))[0].astype(np.float64)
    present = values[np.isfinite(values)]
    if not len(present) or present.min() == present.max():
        return None
    filled: np.ndarray = np.where(np.isfinite(values), values, present.min() - 1)
    return filled


def _predicts_classes(codes: np.ndarray, y: np.ndarray) -> bool:
    """Return whether `codes` [n] of the first half of the rows predict the classes `y` [n] of the second."""
    half = len(y) // 2
    levels = np.unique(codes[:half])
    bins = min(512, half // 5)
    edges = levels if len(levels) <= bins else np.unique(np.quantile(codes[:half], np.linspace(0, 1, bins)))
    if len(levels) > bins and len(levels) == half and half < 100:
        return False
    bin_index = np.searchsorted(edges, codes, side="right")
    k = int(y.max()) + 1
    cells = np.bincount(bin_index[:half] * k + y[:half], minlength=(len(edges) + 1) * k)
    table = cells.reshape(len(edges) + 1, k)
    largest = int(np.bincount(y[:half], minlength=k).argmax())
    prediction = np.where(table.sum(1) > 0, table.argmax(1), largest)
    error = np.mean(prediction[bin_index[half:]] != y[half:])
    if len(levels) > bins:  # a bin may contain the border of two classes; the nearest neighbor is finer
        error = min(error, np.mean(_nearest(codes[:half], y[:half], codes[half:]) != y[half:]))
    baseline = np.mean(y[half:] != largest)
    return bool(baseline > 0 and error <= MAX_ERROR_RATIO * baseline)


def _nearest(values: np.ndarray, y: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """Return for all `queries` [m] the label `y` [n] of the nearest of the `values` [n]: [m]."""
    order = np.argsort(values, kind="stable")
    values, y = values[order], y[order]
    right = np.clip(np.searchsorted(values, queries), 1, len(values) - 1)
    nearer = np.where(queries - values[right - 1] <= values[right] - queries, right - 1, right)
    return y[nearer]


def _predicts_numbers(codes: np.ndarray, y: np.ndarray, column: pd.Series) -> bool:
    """Return whether `codes` [n] of a column determine the numbers `y` [n], or their range."""
    import pandas as pd

    levels, counts = np.unique(codes, return_counts=True)
    if len(levels) <= FEW_LEVELS:
        # If target ranges do not overlap, the level changes only levels - 1 times along the sorted target.
        ordered = codes[np.argsort(y, kind="stable")]
        return bool(counts.min() >= 5 and np.sum(ordered[1:] != ordered[:-1]) == len(levels) - 1)
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return False
    return max(abs(_correlation(codes, y)), abs(_correlation(_ranks(codes), _ranks(y)))) >= MIN_CORRELATION


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return the ranks 1 ... n of `values` [n]; ties get their mean rank."""
    _, index, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[index]


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Return the correlation of `a` [n] and `b` [n], 0 if one of them is constant."""
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt(np.dot(a, a) * np.dot(b, b)))
    return float(np.dot(a, b)) / norm if norm > 0 else 0.0


def _copies(columns: list[tuple[str, np.ndarray]], y: np.ndarray) -> list[str]:
    """Return the columns with two values that mark one class each, if together they mark all classes."""
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
