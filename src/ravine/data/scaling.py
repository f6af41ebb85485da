"""Standardization of encoded inputs by the training rows, which sets their mean to 0 and their scale to 1.

For each column x of the inputs:

    x <- median                  (1)      where x is missing; 0 if no training row has a value
    x <- (x - mean) / scale      (2)      scale: standard deviation

Median, mean and scale are those of the training rows.

A column that is constant in the training rows becomes 0 in all rows, for example the indicator of a category
that no training row has. The pixels of images share one mean and scale.

If standardization is switched off, (3) replaces (2), so that a network gets the values in their own units:

    x <- x scale + center        (3)      with center and scale of the encoder; categories stay 0 and 1
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from ravine.cores import map_on_cores
from ravine.records.documents import check_document

if TYPE_CHECKING:
    from ravine.data.encoder import Encoder

__all__ = ["Scaler", "raw_value_scaler", "stack"]

CONSTANT_SCALE = 1e300
"""Scale of a constant column in (2), which makes it 0. It is finite, so that it can be stored."""

MAX_WHOLE = 1 << 22  # values of data that are one block
BLOCK_VALUES = 1 << 17  # of a block of larger data, 1 MB in float64, which a core keeps in its cache


@dataclass(frozen=True)
class Scaler:
    """Standardization of inputs [N, D]: NaN is replaced, then x <- (x - mean) / scale for each column x.

    fill [D]    values that replace NaN, for example the medians of the training rows
    mean [D]    mean of each column
    scale [D]   standard deviation of each column; 1e300 for a constant column, which thus becomes 0

    Raises ValueError for arrays of different shapes, and for a scale that is not above 0.
    """

    fill: np.ndarray
    mean: np.ndarray
    scale: np.ndarray

    def __post_init__(self) -> None:
        shapes = [np.shape(values) for values in (self.fill, self.mean, self.scale)]
        if len(shapes[0]) != 1 or len(set(shapes)) != 1:
            raise ValueError(
                f"fill, mean and scale have the shapes {', '.join(map(str, shapes))}, not one [D]"
            )
        if not np.all(self.scale > 0):
            raise ValueError("scale holds a number that is not above 0")

    @classmethod
    def fit(cls, x: np.ndarray, rows: np.ndarray | None = None, *, together: bool = False) -> Scaler:
        """Return the scaler of the training rows of `x` [N, D], computed in float64.

        rows: indices [n] of the training rows; None = all rows. together: whether all columns share one mean
        and one scale, as for images. Threads share the work on large data.

        Raises ValueError if `x` is not of two dimensions or has no training row.
        """
        x = np.asarray(x)
        count = len(x) if rows is None else len(rows)
        if x.ndim != 2 or not count:
            raise ValueError(f"Scaler.fit takes x [n, D] with at least one row, not shape {x.shape}.")
        blocks = _Blocks(x, rows, count)
        axis, divisor = (None, count * x.shape[1]) if together else (0, count)
        low, high, total = blocks.extremes_and_sum(axis)
        fill = np.zeros(x.shape[1])
        if np.isnan(total).any():  # unless infinite values were added
            fill = blocks.medians()
            low, high, total = blocks.extremes_and_sum(axis, fill)
        # The mean of a constant is the constant itself. A rounded mean would give 1e-17 instead of 0.
        mean = np.broadcast_to(np.where(low == high, low, total / divisor), x.shape[1:]).copy()
        spread = np.sqrt(blocks.sum_of_squares(axis, fill, mean) / divisor)
        constant = (low == high) | (spread == 0)
        scale = np.broadcast_to(np.where(constant, CONSTANT_SCALE, spread), x.shape[1:]).copy()
        return cls(fill, mean, scale)

    def apply(self, x: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
        """Return the inputs `x` [N, D] standardized: NaN filled, mean subtracted, divided by the scale.

        rows: indices [n] of the rows to return; None = all rows. The result is float64 if `x` is float64,
        else float32. Raises ValueError unless `x` has D columns.
        """
        x = np.asarray(x)
        if x.ndim != 2 or x.shape[1] != len(self.mean):
            raise ValueError(f"This scaler takes x [N, {len(self.mean)}], not shape {x.shape}.")
        count = len(x) if rows is None else len(rows)
        kind = np.float64 if x.dtype == np.float64 else np.float32
        standardized = np.empty((count, x.shape[1]), kind)

        def standardize(block: np.ndarray, begin: int) -> None:
            standardized[begin : begin + len(block)] = (block - self.mean) / self.scale  # (2)

        _Blocks(x, rows, count).each(standardize, self.fill)
        return standardized

    def to_json(self) -> dict[str, Any]:
        """Return the fill values, means and scales as a dictionary of lists, for JSON."""
        return {key: getattr(self, key).tolist() for key in ("fill", "mean", "scale")}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Scaler:
        """Return the scaler that `to_json` turned into the dictionary `plain`.

        Raises DamagedFile for a missing or wrong entry.
        """
        return check_document(plain, cls, "A scaler", exact=True)


class _Blocks:
    """Rows of an array `x` [N, D] in blocks of float64, on which threads work.

    Sums over blocks are added in the order of the rows, so that the number of threads changes no result.

    rows: indices of these rows; None = all. count: their number.
    """

    def __init__(self, x: np.ndarray, rows: np.ndarray | None, count: int) -> None:
        self.x, self.rows, self.count = x, rows, count
        width = max(1, x.shape[1])
        self.length = max(1, count if count * width <= MAX_WHOLE else BLOCK_VALUES // width)

    def each(self, function: Callable[[np.ndarray, int], Any], fill: np.ndarray | None = None) -> list[Any]:
        """Return the values of a function of each block and the place of its first row.

        fill: values that replace NaN in the blocks, [D].
        """

        def of_block(begin: int) -> Any:
            place = slice(begin, min(begin + self.length, self.count))
            block = self.x[place if self.rows is None else self.rows[place]].astype(np.float64)
            if fill is not None and np.isnan(block).any():
                block = np.where(np.isnan(block), fill, block)  # (1)
            return function(block, begin)

        return map_on_cores(of_block, range(0, self.count, self.length))

    def extremes_and_sum(
        self, axis: int | None, fill: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return smallest value, largest value and sum along an axis, NaN where a value is missing."""
        parts = self.each(lambda block, _: (block.min(axis), block.max(axis), block.sum(axis)), fill)
        low, high, total = zip(*parts, strict=True)
        return reduce(np.minimum, low), reduce(np.maximum, high), reduce(np.add, total)

    def sum_of_squares(self, axis: int | None, fill: np.ndarray, mean: np.ndarray) -> np.ndarray:
        """Return the sum of squared distances from the mean along an axis."""
        total: np.ndarray = reduce(
            np.add, self.each(lambda block, _: np.square(block - mean).sum(axis), fill)
        )
        return total

    def medians(self) -> np.ndarray:
        """Return the median of the values of each column, and 0 where all are missing, [D]."""
        gaps = reduce(np.logical_or, self.each(lambda block, _: np.isnan(block).any(0)))
        medians = np.zeros(self.x.shape[1])
        for j in np.flatnonzero(gaps):
            column = self.x[:, j] if self.rows is None else self.x[self.rows, j]
            present = column[~np.isnan(column)].astype(np.float64)
            medians[j] = np.median(present) if len(present) else 0.0
        return medians


def stack(scalers: Sequence[Scaler]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the fill values, means and scales of S scalers as three float64 arrays [S, D].

    Raises ValueError if there is no scaler.
    """
    if not scalers:
        raise ValueError("stack takes at least one scaler.")
    return tuple(np.stack([getattr(s, key) for s in scalers]) for key in ("fill", "mean", "scale"))  # type: ignore[return-value]


def raw_value_scaler(encoder: Encoder, x: np.ndarray) -> Scaler:
    """Return the scaler that turns encoded inputs back into their own units: x <- x scale + center.

    Center and scale are those of the encoder. Columns of categories stay 0 and 1.

    encoder   encoder of the inputs
    x         encoded training rows [n, D], whose medians replace missing entries
    """
    center, scale = [], []
    for column in encoder.columns:
        number = column.kind != "category"
        center += [column.center] * number + [0.0] * (len(column.outputs) - number)
        scale += [column.scale] * number + [1.0] * (len(column.outputs) - number)
    means, scales = np.asarray(center, np.float64), np.asarray(scale, np.float64)
    return Scaler(Scaler.fit(x).fill, -means / scales, 1 / scales)  # (3), as (x - mean) / scale
