"""Standardisation by the training rows: fill with the median, subtract the mean, divide by the spread.

x <- median where missing        (1)
x <- (x - mean) / scale          (2)      scale = sd; a column constant in the training rows becomes 0

Where nobody standardized the data, a network sees the numbers as given:

x <- x scale + center            (3)      undoes the encoder, column by column; categories stay 0 and 1

What varies in other rows alone, such as a level that no training row has, was not learned: it is 0 there too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ravine.data.encoder import Encoder

__all__ = ["Scaler", "stack", "unscaled"]

UNSEEN = 1e300
"""Scale of a constant column in (2): finite, so that it is stored and divided by as any other."""


@dataclass(frozen=True)
class Scaler:
    """What standardises `[N, D]` inputs: `fill`, `mean`, `scale`, each float64 `[D]`."""

    fill: np.ndarray
    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def fit(cls, x: np.ndarray, *, together: bool = False) -> Scaler:
        """Fit on training rows `[n, D]`, in float64. `together`: one mean and scale for all (images)."""
        x = np.asarray(x)
        if x.ndim != 2 or not len(x):
            raise ValueError(f"Scaler.fit takes x [n, D] with at least one row, not shape {x.shape}.")
        x = x.astype(np.float64)
        fill = np.zeros(x.shape[1])
        gaps = np.isnan(x)
        for j in np.flatnonzero(gaps.any(0)):
            seen = x[~gaps[:, j], j]
            fill[j] = np.median(seen) if len(seen) else 0.0
            x[gaps[:, j], j] = fill[j]  # (1)
        axis = None if together else 0
        shape = (x.shape[1],)
        low, high = x.min(axis), x.max(axis)
        # A constant is its own mean: a rounded one would leave 1e-17 instead of 0.
        mean = np.broadcast_to(np.where(low == high, low, x.mean(axis)), shape).copy()
        spread = np.sqrt(np.mean(np.square(x - mean), axis=axis))
        scale = np.broadcast_to(np.where((low == high) | (spread == 0), UNSEEN, spread), shape).copy()
        return cls(fill, mean, scale)

    def apply(self, x: np.ndarray) -> np.ndarray:
        """Return `x` `[N, D]` filled and standardised, float32 (float64 stays float64)."""
        x = np.asarray(x)
        if x.ndim != 2 or x.shape[1] != len(self.mean):
            raise ValueError(f"This scaler takes x [N, {len(self.mean)}], not shape {x.shape}.")
        kind = np.float64 if x.dtype == np.float64 else np.float32
        full = np.where(np.isnan(x), self.fill, x.astype(np.float64))  # (1)
        standardized: np.ndarray = ((full - self.mean) / self.scale).astype(kind)  # (2)
        return standardized

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {key: getattr(self, key).tolist() for key in ("fill", "mean", "scale")}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Scaler:
        """Return the scaler that `to_json` described."""
        return cls(*(np.asarray(plain[key], np.float64) for key in ("fill", "mean", "scale")))


def stack(scalers: Sequence[Scaler]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return `fill`, `mean`, `scale` of many scalers as float64 arrays `[S, D]`."""
    if not scalers:
        raise ValueError("stack takes at least one scaler.")
    return tuple(np.stack([getattr(s, key) for s in scalers]) for key in ("fill", "mean", "scale"))  # type: ignore[return-value]


def unscaled(encoder: Encoder, x: np.ndarray) -> Scaler:
    """Return what turns encoded rows `[N, D]` into the numbers given; gaps get the training rows' median."""
    center, scale = [], []
    for column in encoder.columns:
        number = column.kind != "category"
        center += [column.center] * number + [0.0] * (len(column.outputs) - number)
        scale += [column.scale] * number + [1.0] * (len(column.outputs) - number)
    means, scales = np.asarray(center, np.float64), np.asarray(scale, np.float64)
    return Scaler(Scaler.fit(x).fill, -means / scales, 1 / scales)  # (3), as (x - mean) / scale
