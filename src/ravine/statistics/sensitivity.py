"""How much the learning rate matters: score against rate, and the width of the good region.

    bound = best - tolerance * |best - reference|        (greater is better; else best + ...)          (1)
    width = decades of rate around the best where the score is at least the bound                      (2)

`reference` is the score of knowing nothing (majority class, mean of the target). Without one it is 0, so (1)
is within 5 % of the best: right for an error or an accuracy, undefined where the best itself is 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ravine.errors import UsageError
from ravine.statistics.diverged import FloatArray, as_floats, quantile, replace_diverged

__all__ = ["Sensitivity", "sensitivity", "width_decades"]


@dataclass(frozen=True)
class Sensitivity:
    """Score against learning rate, all arrays [rate], rates ascending.

    median, lower, upper    median and quartiles over seeds, diverged runs counting as worst (may be infinite)
    diverged                share of seeds that diverged
    """

    rates: FloatArray
    median: FloatArray
    lower: FloatArray
    upper: FloatArray
    diverged: FloatArray


def sensitivity(rates: npt.ArrayLike, values: npt.ArrayLike, greater_is_better: bool) -> Sensitivity:
    """Return median and quartile band of `values` [rate, seed] at `rates` [rate], in order of the rate."""
    where = _checked_rates(rates)
    scores = as_floats(values, 2, "values")
    _same_length(where, scores)
    order = np.argsort(where, kind="stable")
    scores = replace_diverged(scores[order], greater_is_better)
    return Sensitivity(
        rates=where[order],
        median=quantile(scores, 0.5),
        lower=quantile(scores, 0.25),
        upper=quantile(scores, 0.75),
        diverged=np.mean(~np.isfinite(scores), axis=1),
    )


def width_decades(
    rates: npt.ArrayLike,
    scores: npt.ArrayLike,
    greater_is_better: bool,
    tolerance: float = 0.05,
    reference: float = 0.0,
) -> float | None:
    """Return the width of (2) in decades: how far off the rate may be, both ways together.

    `rates` [rate], `scores` [rate] (medians over seeds). Scores are joined by straight lines over
    log10(rate); next to a rate that diverged the region ends at the last one that did not. A region that
    reaches the first or last rate is wider than the number says. None where not defined: all diverged, fewer
    than two rates, or best equal to `reference`.
    """
    where = _checked_rates(rates)
    heights = replace_diverged(as_floats(scores, 1, "scores"), greater_is_better)
    _same_length(where, heights)
    if not 0 < tolerance < 1:
        raise UsageError(f"tolerance = {tolerance!r} is no share.", "It lies between 0 and 1.", "Use 0.05.")
    order = np.argsort(where, kind="stable")
    place = np.log10(where[order])
    heights = (heights if greater_is_better else -heights)[order]
    best = int(np.argmax(heights))
    scale = abs(heights[best] - (reference if greater_is_better else -reference))
    if place[0] == place[-1] or not np.isfinite(heights[best]) or scale == 0:
        return None
    bound = heights[best] - tolerance * scale
    return _reach(place[best:], heights[best:], bound) + _reach(-place[best::-1], heights[best::-1], bound)


def _reach(place: FloatArray, heights: FloatArray, bound: float) -> float:
    """Return how far from place[0] the line stays at or above `bound`, going up `place`."""
    below = np.flatnonzero(heights < bound)
    if below.size == 0:
        return float(place[-1] - place[0])
    out = int(below[0])
    inside = float(place[out - 1] - place[0])
    if not np.isfinite(heights[out]):
        return inside
    share = (heights[out - 1] - bound) / (heights[out - 1] - heights[out])
    return inside + float(share * (place[out] - place[out - 1]))


def _checked_rates(rates: npt.ArrayLike) -> FloatArray:
    where = as_floats(rates, 1, "rates")
    if not (np.isfinite(where) & (where > 0)).all():
        raise UsageError("A learning rate is not positive.", "Rates are laid on a log scale.", "Drop it.")
    return where


def _same_length(rates: FloatArray, values: FloatArray) -> None:
    if rates.size != values.shape[0]:
        raise UsageError(
            f"There are {rates.size} rates and {values.shape[0]} rows of scores.",
            "Each rate needs its own.",
            "Pass arrays of the same length.",
        )
