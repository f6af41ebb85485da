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

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from ravine.records.documents import check_document

if TYPE_CHECKING:
    from ravine.data.encoder import Encoder

__all__ = ["Scaler", "raw_value_scaler", "stack"]

CONSTANT_SCALE = 1e300
"""Scale of a constant column in (2), which makes it 0. It is finite, so that it can be stored."""


BLOCK_ROWS = 65_536  # of large data, so that no copy of all rows in float64 is made


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
    def fit(cls, x: np.ndarray, *, together: bool = False) -> Scaler:
        """Return the scaler of the training rows `x` [n, D], computed in float64.

        together: whether all columns share one mean and one scale, as for images.

        Raises ValueError if `x` is not of two dimensions or has no row.
        """
        x = np.asarray(x)
        if x.ndim != 2 or not len(x):
            raise ValueError(f"Scaler.fit takes x [n, D] with at least one row, not shape {x.shape}.")
        fill = np.zeros(x.shape[1])
        has_gap = np.zeros(x.shape[1], bool)
        for block in _blocks(x):
            has_gap |= np.isnan(block).any(0)
        for j in np.flatnonzero(has_gap):
            present = x[~np.isnan(x[:, j]), j].astype(np.float64)
            fill[j] = np.median(present) if len(present) else 0.0
        axis = None if together else 0
        shape = (x.shape[1],)
        count = x.size if together else len(x)

        def total(function: Callable[[np.ndarray], np.ndarray], combine: np.ufunc = np.add) -> np.ndarray:
            """Return a sum, or another combination, over all rows, of a function of blocks without gaps."""
            parts = (function(np.where(np.isnan(b), fill, b) if has_gap.any() else b) for b in _blocks(x))
            result: np.ndarray = reduce(combine, parts)
            return result

        low = total(lambda block: block.min(axis), np.minimum)
        high = total(lambda block: block.max(axis), np.maximum)
        # The mean of a constant is the constant itself. A rounded mean would give 1e-17 instead of 0.
        average = total(lambda block: block.sum(axis)) / count
        mean = np.broadcast_to(np.where(low == high, low, average), shape).copy()
        spread = np.sqrt(total(lambda block: np.square(block - mean).sum(axis)) / count)
        scale = np.broadcast_to(np.where((low == high) | (spread == 0), CONSTANT_SCALE, spread), shape).copy()
        return cls(fill, mean, scale)

    def apply(self, x: np.ndarray) -> np.ndarray:
        """Return the inputs `x` [N, D] standardized: NaN filled, mean subtracted, divided by the scale.

        The result is float64 if `x` is float64, else float32. Raises ValueError unless `x` has D columns.
        """
        x = np.asarray(x)
        if x.ndim != 2 or x.shape[1] != len(self.mean):
            raise ValueError(f"This scaler takes x [N, {len(self.mean)}], not shape {x.shape}.")
        kind = np.float64 if x.dtype == np.float64 else np.float32
        standardized = np.empty(x.shape, kind)
        for begin, block in zip(range(0, len(x), BLOCK_ROWS), _blocks(x), strict=True):
            full = np.where(np.isnan(block), self.fill, block)  # (1)
            standardized[begin : begin + len(block)] = (full - self.mean) / self.scale  # (2)
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


def _blocks(x: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the rows of `x` in blocks of float64."""
    for begin in range(0, len(x), BLOCK_ROWS):
        yield x[begin : begin + BLOCK_ROWS].astype(np.float64)


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
