"""Quasi-random learning rates and hyperparameters for tuning: scrambled Halton points, log-uniform.

    u_i = sum over k of pi_k(digit k of i in base b) / b^(k+1)            (1)   b = 2, 3, 5, ... per dimension
    value = low * (high / low)^u                                          (2)   low, high: ends of the range

pi_k is a random permutation of the digits 0 ... b - 1 for digit k. In each dimension, of b^m successive
points exactly one falls into each of b^m equal cells. The points therefore cover the range more evenly than
random ones. They are computed here, not by SciPy, so that the values to try do not depend on the installed
version of SciPy.

Source: Owen 2017, "A randomized Halton algorithm in R".
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, log
from typing import Literal

import numpy as np

from ravine.errors import UsageError
from ravine.statistics.diverged import FloatArray

__all__ = ["extension_rates", "halton", "learning_rates", "log_uniform_points"]

PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29)


def learning_rates(count: int, low: float, high: float, seed: int = 0) -> FloatArray:
    """Return `count` quasi-random, log-uniform learning rates in [low, high], ascending: [rate].

    Raises UsageError unless 0 < low < high and count >= 1.
    """
    _check_range("learning rate", low, high)
    return np.sort(_log_uniform(halton(count, 1, seed)[:, 0], low, high))


def extension_rates(
    count: int, low: float, high: float, side: Literal["low", "high"], seed: int = 0
) -> FloatArray:
    """Return the learning rates to add when a search range is extended by a decade at one end: [rate].

    The new rates lie in the added decade. Their number per decade is that of the `count` rates in [low,
    high], but at least 1. The old rates stay unchanged.

    side   the end that is extended: "low" adds [low / 10, low], "high" adds [high, 10 high]

    Raises UsageError for another side, and unless 0 < low < high.
    """
    _check_range("learning rate", low, high)
    if side not in ("low", "high"):
        raise UsageError(
            f"The side '{side}' does not exist.",
            "A range is extended at 'low' or at 'high'.",
            "Use side='low' or side='high'.",
        )
    more = max(1, round(count / (log(high / low) / log(10))))
    # The seed contains the end of the range, so that a second extension draws other points than the first.
    end = high if side == "high" else low
    start, stop = (end, end * 10) if side == "high" else (end / 10, end)
    key = [seed, 1 + (side == "high"), round(1e6 * (400 + log(end) / log(10)))]
    return np.sort(_log_uniform(halton(more, 1, key)[:, 0], start, stop))


def log_uniform_points(
    count: int, ranges: Mapping[str, tuple[float, float]], seed: int = 0
) -> dict[str, FloatArray]:
    """Return `count` quasi-random combinations of hyperparameters: values [point] by name.

    `ranges` maps each name to (low, high). The values are log-uniform in their range. An averaging rate b
    near 1, such as those of Adam, is tuned as a range of 1 - b.

    Raises UsageError unless 0 < low < high in every range, count >= 1, and there are 1 to 10 ranges.
    """
    for name, (low, high) in ranges.items():
        _check_range(name, low, high)
    unit = halton(count, len(ranges), seed)
    return {name: _log_uniform(unit[:, axis], *ranges[name]) for axis, name in enumerate(ranges)}


def halton(count: int, dimensions: int, seed: int | list[int], *, scramble: bool = True) -> FloatArray:
    """Return the first `count` points of a Halton sequence in the unit cube [0, 1): [point, dimension].

    Without `scramble`, dimension 0 is van der Corput's sequence 0, 1/2, 1/4, 3/4, ... With `scramble`, the
    digits of all points are permuted at random. A larger `count` gives the same points first.

    Raises UsageError unless count >= 1 and 1 <= dimensions <= 10.
    """
    if count < 1 or not 1 <= dimensions <= len(PRIMES):
        raise UsageError(
            f"There are no {count} Halton points in {dimensions} dimensions.",
            f"At least 1 point and 1 to {len(PRIMES)} dimensions are allowed.",
            "Tune fewer hyperparameters at once, with at least one trial.",
        )
    generator = np.random.default_rng(seed)
    unit = np.empty((count, dimensions))
    for axis, base in enumerate(PRIMES[:dimensions]):
        rest = np.arange(count)
        total, weight = np.zeros(count), 1.0
        for _ in range(ceil(52 / np.log2(base))):  # as many digits as a float64 holds
            weight /= base
            digits = generator.permutation(base) if scramble else np.arange(base)
            total += digits[rest % base] * weight  # (1)
            rest //= base
        unit[:, axis] = np.minimum(total, 1 - 2.0**-53)
    return unit


def _log_uniform(unit: FloatArray, low: float, high: float) -> FloatArray:
    """Return equation (2) for `unit` [point] in [0, 1)."""
    values: FloatArray = np.clip(np.exp(np.log(low) + unit * (np.log(high) - np.log(low))), low, high)
    return values


def _check_range(name: str, low: float, high: float) -> None:
    """Raise UsageError unless 0 < low < high < inf."""
    if not 0 < low < high or not np.isfinite(high):
        raise UsageError(
            f"[{low!r}, {high!r}] is not a range for '{name}'.",
            "The scale is logarithmic, so 0 < low < high is required, both finite.",
            "Use for example (1e-4, 1.0).",
        )
