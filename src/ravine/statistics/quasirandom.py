"""Rates to try: scrambled Halton points, log-uniform.

    u_i = sum over k of pi_k(digit k of i in base b) / b^(k+1)            (1)   b = 2, 3, 5, ... per dimension
    rate = low * (high / low)^u                                           (2)

with a random permutation pi_k of the digits for every place k (Owen 2017, "A randomized Halton algorithm").
Every power of b points in a row fall one
into each of as many equal cells. Written out here, so that a plan is the same whatever SciPy is installed.
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
    """Return `count` learning rates in [low, high], log-uniform, ascending: [rate]."""
    _check_range("learning rate", low, high)
    return np.sort(_log_uniform(halton(count, 1, seed)[:, 0], low, high))


def extension_rates(
    count: int, low: float, high: float, side: Literal["low", "high"], seed: int = 0
) -> FloatArray:
    """Return the rates to add when the range of `learning_rates` grows by a decade at one `side`.

    All lie in the new decade, as dense as the old ones lie in theirs; the old ones stay as they are.
    """
    _check_range("learning rate", low, high)
    if side not in ("low", "high"):
        raise UsageError(
            f"No side '{side}'.", "A range grows at one of its two ends.", "Use 'low' or 'high'."
        )
    more = max(1, round(count / (log(high / low) / log(10))))
    # keyed by the end, so that a second extension draws other points than the first
    end = high if side == "high" else low
    start, stop = (end, end * 10) if side == "high" else (end / 10, end)
    key = [seed, 1 + (side == "high"), round(1e6 * (400 + log(end) / log(10)))]
    return np.sort(_log_uniform(halton(more, 1, key)[:, 0], start, stop))


def log_uniform_points(
    count: int, ranges: Mapping[str, tuple[float, float]], seed: int = 0
) -> dict[str, FloatArray]:
    """Return `count` settings, log-uniform in every one of `ranges` (name -> (low, high)): name -> [point].

    A decay b near 1 is tuned as a range of 1 - b.
    """
    for name, (low, high) in ranges.items():
        _check_range(name, low, high)
    unit = halton(count, len(ranges), seed)
    return {name: _log_uniform(unit[:, axis], *ranges[name]) for axis, name in enumerate(ranges)}


def halton(count: int, dimensions: int, seed: int | list[int], *, scramble: bool = True) -> FloatArray:
    """Return the first `count` points of a scrambled Halton sequence in the unit cube: [point, dimension].

    More points begin with the same ones. Unscrambled it is van der Corput's: 0, 1/2, 1/4, 3/4, ...
    """
    if count < 1 or not 1 <= dimensions <= len(PRIMES):
        raise UsageError(
            f"No {count} points in {dimensions} dimensions.",
            f"At least one point, and 1 to {len(PRIMES)} dimensions.",
            "Tune fewer hyperparameters at once.",
        )
    generator = np.random.default_rng(seed)
    unit = np.empty((count, dimensions))
    for axis, base in enumerate(PRIMES[:dimensions]):
        rest = np.arange(count)
        total, weight = np.zeros(count), 1.0
        for _ in range(ceil(52 / np.log2(base))):  # as many places as a float64 holds
            weight /= base
            digits = generator.permutation(base) if scramble else np.arange(base)
            total += digits[rest % base] * weight
            rest //= base
        unit[:, axis] = np.minimum(total, 1 - 2.0**-53)
    return unit


def _log_uniform(unit: FloatArray, low: float, high: float) -> FloatArray:
    values: FloatArray = np.clip(np.exp(np.log(low) + unit * (np.log(high) - np.log(low))), low, high)
    return values


def _check_range(name: str, low: float, high: float) -> None:
    if not 0 < low < high or not np.isfinite(high):
        raise UsageError(
            f"[{low!r}, {high!r}] is no range for '{name}'.",
            "It is tuned on a log scale, so both ends must be positive and the first the smaller.",
            "Use for example (1e-4, 1.0).",
        )
