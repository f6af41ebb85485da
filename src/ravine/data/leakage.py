"""Search for columns that give the target away (leaks), such as a copy of the target under another name.

Suspected columns are reported and never dropped, since the user decides. One half of the rows defines bins of
a column (and nearest neighbors), which predict the class of the other half. Four kinds are suspected:

classes     a column that alone predicts the classes with at most 1/20 of the error of the constant prediction
            of the largest class;
one class   a column that alone separates one class from all others, with at most 1/20 of the error of a
            constant answer, or with an area under the ROC curve of at least 0.999;
copies      columns that each have one of two values in exactly the rows of one class, if they mark all
            classes together, or all but one;
numbers     a column that is almost a linear or monotonic function of a target of numbers, or that has at
            most 20 levels, each in at least 5 rows, whose target ranges do not overlap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ravine.cores import map_on_cores

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Leaks", "find_leaks"]

MAX_ROWS = 10_000  # most rows of the test for leaks
MIN_ROWS = 50  # fewest rows of the test for leaks
MAX_ERROR_RATIO = 0.05  # largest error of a suspected column, relative to always naming the largest class
MIN_AUC = 0.999  # smallest area under the ROC curve of a suspected column, for one class
MIN_CLASS_ROWS = 25  # fewest rows of a class in the half that is predicted; 1/20 of fewer is below one row
FEW_LEVELS = 20  # most values of a column that is treated as a category
MIN_CORRELATION = 0.9995  # smallest correlation of a suspected column with a target of numbers


@dataclass(frozen=True)
class Leaks:
    """Result of the search for leaks: columns from which the target, or one class, can be read off.

    alone: names of columns that each give the target away. together: names of columns of two values that tell
    all classes apart if they are taken together. separating: name of another column -> indices of the classes
    that this column separates from all other classes.
    """

    alone: list[str]
    together: list[str]
    separating: dict[str, Sequence[int]]


class _Bins:
    """The values of a column in bins, and the classes of the rows in each bin.

    codes: values [n]. y: class indices [n]. The first half of the rows defines the bins; the second half is
    predicted from them.
    """

    def __init__(self, codes: np.ndarray, y: np.ndarray) -> None:
        self.codes, self.y, self.half = codes, y, len(y) // 2
        ordered = np.sort(codes[: self.half])
        levels = _distinct(ordered)
        self.levels, self.most = len(levels), min(512, self.half // 5)
        edges = levels if self.levels <= self.most else _distinct(_quantiles(ordered, self.most))
        index, classes = np.searchsorted(edges, codes, side="right"), int(y.max()) + 1
        cells = np.bincount(
            index[: self.half] * classes + y[: self.half], minlength=(len(edges) + 1) * classes
        )
        self.table = cells.reshape(len(edges) + 1, classes)
        self.index = index[self.half :]

    @cached_property
    def nearest(self) -> np.ndarray:
        """Predicted class of every row in the second half of the rows, [m].

        It is the class of the row in the first half whose value of the column is nearest.
        """
        return _nearest(self.codes[: self.half], self.y[: self.half], self.codes[self.half :])


def find_leaks(columns: Mapping[str, pd.Series | np.ndarray], y: np.ndarray, classify: bool) -> Leaks:
    """Return the columns that give the target away, alone or together, and those that give a class away.

    columns    name of a column -> values [n]
    y          target [n]: class indices or numbers
    classify   whether the target holds classes

    At most 10,000 rows, chosen at random, are examined, and no columns of dates. With fewer than 50 rows, no
    column is suspected.
    """
    if len(y) < MIN_ROWS:
        return Leaks([], [], {})
    order = np.random.default_rng(0).permutation(len(y))[:MAX_ROWS]
    y = y[order]
    examine = partial(_examined, order=order, y=y, classify=classify)
    found = dict(zip(columns, map_on_cores(examine, columns.values()), strict=True))
    together = _copies([(name, one.mark) for name, one in found.items() if one.mark is not None], y)
    separating = {name: one.classes for name, one in found.items() if one.classes and name not in together}
    return Leaks([name for name, one in found.items() if one.alone], together, separating)


class _Examined(NamedTuple):
    """What one column gives away.

    alone: whether it gives the target away. classes: the classes that it separates from all others. mark: its
    values [n] if there are two, which may mark one class.
    """

    alone: bool = False
    classes: Sequence[int] = ()
    mark: np.ndarray | None = None


def _examined(column: pd.Series | np.ndarray, order: np.ndarray, y: np.ndarray, classify: bool) -> _Examined:
    """Return what the rows `order` [n] of a column tell about their target `y` [n]."""
    codes = _codes(column, order)
    if codes is None:
        return _Examined()
    if not classify:
        return _Examined(_predicts_numbers(codes, y, _is_number(column)))
    bins = _Bins(codes, y)
    if _predicts_classes(bins):
        return _Examined(alone=True)
    return _Examined(classes=_separated_classes(bins), mark=codes if bins.levels <= 2 else None)


def _separated_classes(bins: _Bins) -> list[int]:
    """Return the classes that a column separates from all others."""
    y, k = bins.y[bins.half :], bins.table.shape[1]
    rows = np.bincount(y, minlength=k)
    others, enough = len(y) - rows, rows >= MIN_CLASS_ROWS
    if not enough.any():
        return []
    named = 2 * bins.table > bins.table.sum(axis=1, keepdims=True)  # [bin, class]: is the class predicted
    inside = np.bincount(bins.index * k + y, minlength=bins.table.size).reshape(-1, k)  # rows [bin, class]
    outside = inside.sum(axis=1, keepdims=True) - inside
    errors = np.where(named, outside, inside).sum(axis=0)
    if bins.levels > FEW_LEVELS:  # a bin may contain the border of two classes; the neighbor is finer
        confused = np.bincount(bins.nearest * k + y, minlength=k * k).reshape(k, k)  # [prediction, class]
        errors = np.minimum(errors, rows + confused.sum(axis=1) - 2 * np.diag(confused))
    separated = enough & (errors <= MAX_ERROR_RATIO * np.minimum(rows, others)) & (others > 0)
    unsure = enough & ~separated & (others >= MIN_CLASS_ROWS)
    pairs = np.maximum(rows * others, 1)
    low = np.sum(inside * (np.cumsum(outside, axis=0) - outside), axis=0) / pairs
    high = low + np.sum(inside * outside, axis=0) / pairs  # the area under the curve is between low and high
    unsure &= np.maximum(high, 1 - low) >= MIN_AUC
    if unsure.any():
        above = np.bincount(y, _ranks(bins.codes[bins.half :]), minlength=k) - rows * (rows + 1) / 2
        area = above[unsure] / pairs[unsure]
        separated[unsure] = np.maximum(area, 1 - area) >= MIN_AUC
    return [int(index) for index in np.flatnonzero(separated)]


def _codes(column: pd.Series | np.ndarray, rows: np.ndarray) -> np.ndarray | None:
    """Return some rows of a column as numbers [rows], or None for dates and constants.

    Levels of a category become their number. Missing values become smaller than all others.
    """
    import pandas as pd

    if isinstance(column, np.ndarray):
        values = column[rows].astype(np.float64)
    elif pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        values = column.iloc[rows].to_numpy(np.float64, na_value=np.nan)
    elif pd.api.types.is_datetime64_any_dtype(column.dtype):
        return None
    else:
        values = pd.factorize(column.iloc[rows].astype(str))[0].astype(np.float64)
    present = values[np.isfinite(values)]
    if not len(present) or present.min() == present.max():
        return None
    filled: np.ndarray = np.where(np.isfinite(values), values, present.min() - 1)
    return filled


def _predicts_classes(bins: _Bins) -> bool:
    """Return whether a column of the first half of the rows predicts the classes of the second half."""
    if bins.levels > bins.most and bins.levels == bins.half and bins.half < 100:
        return False
    y = bins.y[bins.half :]
    largest = int(np.bincount(bins.y[: bins.half], minlength=bins.table.shape[1]).argmax())
    prediction = np.where(bins.table.sum(1) > 0, bins.table.argmax(1), largest)
    error = np.mean(prediction[bins.index] != y)
    if bins.levels > bins.most:  # a bin may contain the border of two classes; the nearest neighbor is finer
        error = min(error, np.mean(bins.nearest != y))
    baseline = np.mean(y != largest)
    return bool(baseline > 0 and error <= MAX_ERROR_RATIO * baseline)


def _distinct(ordered: np.ndarray) -> np.ndarray:
    """Return the distinct numbers of `ordered` [n], which are sorted, [levels]."""
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])]


def _quantiles(ordered: np.ndarray, count: int) -> np.ndarray:
    """Return quantiles at equal distances from 0 to 1, linear between two of the sorted numbers, [count]."""
    places = np.linspace(0, len(ordered) - 1, count)
    return np.interp(places, np.arange(len(ordered)), ordered)


def _nearest(values: np.ndarray, y: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """Return for all `queries` [m] the label `y` [n] of the nearest of the `values` [n]: [m]."""
    order = np.argsort(values, kind="stable")
    values, y = values[order], y[order]
    right = np.clip(np.searchsorted(values, queries), 1, len(values) - 1)
    nearer = np.where(queries - values[right - 1] <= values[right] - queries, right - 1, right)
    return y[nearer]


def _is_number(column: pd.Series | np.ndarray) -> bool:
    """Return whether a column holds numbers and no categories."""
    import pandas as pd

    return isinstance(column, np.ndarray) or pd.api.types.is_numeric_dtype(column.dtype)


def _predicts_numbers(codes: np.ndarray, y: np.ndarray, numeric: bool) -> bool:
    """Return whether `codes` [n] of a column determine the numbers `y` [n], or their range."""
    levels, counts = np.unique(codes, return_counts=True)
    if len(levels) <= FEW_LEVELS:
        # If target ranges do not overlap, the level changes only levels - 1 times along the sorted target.
        ordered = codes[np.argsort(y, kind="stable")]
        return bool(counts.min() >= 5 and np.sum(ordered[1:] != ordered[:-1]) == len(levels) - 1)
    if not numeric:
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
