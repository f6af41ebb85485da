"""The choice of a setting for curvature, and a pass over the points with it.

Every side returns numbers on the host, so a GPU has finished all work at the end of a pass.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from serve import Pass

Setting = TypeVar("Setting")
Spectrum = tuple[np.ndarray, np.ndarray]

STARTS = 3  # a setting must be right from each
FIRST = 100  # seed of the first pass: no pass repeats a start that the setting was chosen by


def pass_of_tops(
    facts: dict[str, Any],
    top: Callable[[Setting, int], list[float]],
    exact: np.ndarray,
    settings: Sequence[Setting],
    accuracy: float,
) -> Pass:
    """Return a pass: top(setting, seed) are the largest eigenvalues at the points, `exact` [points] right.

    The setting is the cheapest that is within `accuracy` of them all; it and its error are put into `facts`.
    """
    seeds = itertools.count(FIRST)

    def error(setting: Setting, seed: int) -> float:
        return float(np.max(np.abs(np.array(top(setting, seed)) / exact - 1)))

    setting, facts["error"] = _cheapest(error, settings, accuracy)
    facts["setting"] = setting
    return lambda: len(top(setting, next(seeds)))


def pass_of_spectra(
    facts: dict[str, Any],
    spectrum: Callable[[Setting, int, Any], Spectrum],
    points: Sequence[Any],
    exact: Sequence[np.ndarray] | np.ndarray,
    settings: Sequence[Setting],
    accuracy: float,
) -> Pass:
    """Return a pass: spectrum(setting, seed, point) are nodes and weights, `exact` the eigenvalues there.

    As `pass_of_tops`, the error being the distance of the worst point.
    """
    seeds = itertools.count(FIRST)

    def error(setting: Setting, seed: int) -> float:
        pairs = zip(points, exact, strict=True)
        return max(_distance(*spectrum(setting, seed, point), values) for point, values in pairs)

    setting, facts["error"] = _cheapest(error, settings, accuracy)
    facts["setting"] = setting

    def once() -> int:
        seed = next(seeds)
        for point in points:
            spectrum(setting, seed, point)
        return len(points)

    return once


def _cheapest(
    error: Callable[[Setting, int], float], settings: Sequence[Setting], accuracy: float
) -> tuple[Setting, float]:
    """Return the first of `settings` (cheapest first) whose error(setting, seed) is small, and that error.

    It is the median over starts; once most of them are wrong the others are not tried. Raises ValueError if
    no setting reaches `accuracy`.
    """
    for setting in settings:
        errors: list[float] = []
        while len(errors) < STARTS and 2 * sum(not value <= accuracy for value in errors) < STARTS:
            errors.append(error(setting, len(errors)))
        median_error = float(np.median(errors))
        if median_error <= accuracy:
            return setting, median_error
    raise ValueError(
        f"No setting of {list(settings)} reaches {accuracy}: the last is wrong by {median_error:.2g}."
    )


def _distance(nodes: np.ndarray, weights: np.ndarray, exact: Sequence[float]) -> float:
    """Return the Wasserstein-1 distance of a spectrum from the eigenvalues, over their mean size."""
    from scipy.stats import wasserstein_distance

    apart = wasserstein_distance(np.ravel(nodes), exact, np.maximum(np.ravel(weights), 0))
    return float(apart / np.mean(np.abs(exact)))
