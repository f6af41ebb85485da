"""Scores of diverged runs, which count as the worst possible value and are never dropped.

A score of NaN, +inf or -inf marks a diverged run. The score becomes -inf where greater is better, and +inf
where smaller is better. Order statistics (median, quartiles, ranks) stay defined with it; means do not.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ravine.errors import UsageError

__all__ = ["FloatArray", "as_floats", "median", "orient", "quantile", "replace_diverged"]

FloatArray = npt.NDArray[np.float64]
"""A float64 array."""


def as_floats(values: npt.ArrayLike, ndim: int, name: str) -> FloatArray:
    """Return `values` as a float64 array with `ndim` axes (1: [N]; 2: [N, M]) and at least one entry.

    Raises UsageError if the values are not numbers, have another number of axes, or are empty. The message
    calls the values `name`.
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"`{name}` is not an array of numbers: {error}.",
            f"It must hold numbers and have {_axes(ndim)}.",
            f"Pass a NumPy array with {_axes(ndim)}.",
        ) from error
    if array.ndim != ndim or array.size == 0:
        raise UsageError(
            f"`{name}` has shape {array.shape}.",
            f"It must have {_axes(ndim)} and at least one value.",
            f"Pass an array with {_axes(ndim)}.",
        )
    return array


def _axes(count: int) -> str:
    return f"{count} axis" if count == 1 else f"{count} axes"


def replace_diverged(values: FloatArray, greater_is_better: bool) -> FloatArray:
    """Return the scores `values` [...] with every NaN and infinite score replaced by the worst value.

    The worst value is -inf if greater scores are better, otherwise +inf.
    """
    return np.where(np.isfinite(values), values, -np.inf if greater_is_better else np.inf)


def orient(values: FloatArray, greater_is_better: bool) -> FloatArray:
    """Return the scores `values` [...] in a form in which greater is better and diverged runs are -inf.

    Scores of which smaller ones are better are negated.
    """
    return replace_diverged(values if greater_is_better else -values, True)


def quantile(values: FloatArray, q: float, axis: int = -1) -> FloatArray:
    """Return the `q` quantile of `values` [...] along `axis`, interpolated linearly, with 0 <= q <= 1.

    Between a finite and an infinite order statistic the result is the infinite one; NumPy may return NaN.
    `values` must not hold NaN, nor both +inf and -inf.
    """
    ordered = np.sort(values, axis=axis)
    count = ordered.shape[axis]
    position = q * (count - 1)
    below = int(np.floor(position))
    weight = position - below
    low: FloatArray = np.take(ordered, below, axis=axis)
    high = np.take(ordered, min(below + 1, count - 1), axis=axis)
    if weight == 0:
        return low
    infinite = ~(np.isfinite(low) & np.isfinite(high))
    with np.errstate(invalid="ignore"):
        between = low + weight * (high - low)
    result: FloatArray = np.where(infinite, np.where(np.isfinite(low), high, low), between)
    return result


def median(values: FloatArray, axis: int = -1) -> FloatArray:
    """Return the median of `values` [...] along `axis`, infinite where at least half of them are infinite."""
    return quantile(values, 0.5, axis)
