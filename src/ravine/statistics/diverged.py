"""Runs that diverged: they count as the worst value there can be, and are never dropped.

A score of NaN, +inf or -inf marks a run without a usable end. For an error it becomes +inf, for a score where
greater is better -inf. Order statistics (median, quartiles, ranks) stay defined; means do not.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ravine.errors import UsageError

__all__ = ["FloatArray", "as_floats", "median", "orient", "quantile", "replace_diverged"]

FloatArray = npt.NDArray[np.float64]


def as_floats(values: npt.ArrayLike, ndim: int, name: str) -> FloatArray:
    """Return `values` as a float64 array of `ndim` axes with at least one entry, or raise UsageError."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(f"`{name}` is not a table of numbers.", str(error), "Pass an array.") from error
    if array.ndim != ndim or array.size == 0:
        raise UsageError(
            f"`{name}` has shape {array.shape}.",
            f"It must have {ndim} {'axis' if ndim == 1 else 'axes'} and at least one value.",
            f"Pass an array of {ndim} dimension{'s' if ndim > 1 else ''}.",
        )
    return array


def replace_diverged(values: FloatArray, greater_is_better: bool) -> FloatArray:
    """Return `values` (any shape) with each non-finite one replaced by the worst: +inf or -inf."""
    return np.where(np.isfinite(values), values, -np.inf if greater_is_better else np.inf)


def orient(values: FloatArray, greater_is_better: bool) -> FloatArray:
    """Return `values` (any shape) turned so that greater is better, diverged runs at -inf."""
    turned = values if greater_is_better else -values
    return replace_diverged(turned, True)


def quantile(values: FloatArray, q: float, axis: int = -1) -> FloatArray:
    """Return the `q` quantile along `axis`, linear between order statistics.

    Between a finite and an infinite order statistic it is the infinite one, where NumPy would give NaN.
    `values` must not hold both infinities, nor NaN.
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
    found: FloatArray = np.where(infinite, np.where(np.isfinite(low), high, low), between)
    return found


def median(values: FloatArray, axis: int = -1) -> FloatArray:
    """Return the median along `axis`; infinite where half or more of the values are."""
    return quantile(values, 0.5, axis)
