"""Sensitivity to the learning rate: score against learning rate, width of the range of good learning rates.

    bound = best - tolerance * |best - reference|                            (1)   if greater is better
    bound = best + tolerance * |best - reference|                            (1)   for an error
    width = decades around the best learning rate with a score at least as good as the bound   (2)

`best` is the best score of all learning rates, and `tolerance` is 5 % by default. `reference` is the score of
a prediction that ignores the inputs (majority class, mean of the target). Its default is 0. The bound is then
5 % away from the best score, which suits an accuracy or an error. The width is undefined if the best score
equals the reference.
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
    """Score against learning rate. All arrays are [rate], in order of the rate.

    rates            learning rates, ascending
    median           median of the score over seeds
    lower, upper     quartiles of the score over seeds
    diverged         share of seeds that diverged

    Diverged runs count as the worst value, so that median and quartiles may be infinite.
    """

    rates: FloatArray
    median: FloatArray
    lower: FloatArray
    upper: FloatArray
    diverged: FloatArray


def sensitivity(rates: npt.ArrayLike, values: npt.ArrayLike, greater_is_better: bool) -> Sensitivity:
    """Return median and quartiles over seeds of the scores [rate, seed] at several learning rates [rate].

    The result also holds the share of diverged seeds at each learning rate, in ascending order of the rates.

    Raises UsageError if a learning rate is not positive, or if there is not one row of scores for each rate.
    """
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
    """Return the width, in decades, of the range of learning rates in which the score is nearly the best.

    A score is good enough if it is worse than the best score by at most tolerance * |best - reference|.

    rates [rate]       learning rates, in any order
    scores [rate]      medians over seeds; NaN and infinite ones mean that the runs diverged
    tolerance          allowed share of the lead over `reference`, between 0 and 1
    reference          score of a prediction that ignores the inputs

    Straight lines over log10(rate) join the scores. Next to a diverged learning rate, the range ends at the
    last one that did not diverge. If the range contains the first or last learning rate, the true width may
    be larger.

    Return None where the width is undefined: all learning rates diverged, fewer than two rates, or a best
    score equal to `reference`. Raises UsageError for a tolerance outside (0, 1) and for arrays that do not
    match.
    """
    where = _checked_rates(rates)
    heights = replace_diverged(as_floats(scores, 1, "scores"), greater_is_better)
    _same_length(where, heights)
    if not 0 < tolerance < 1:
        raise UsageError(
            f"tolerance = {tolerance!r} is not a share.",
            "It must lie between 0 and 1.",
            "Use tolerance=0.05.",
        )
    order = np.argsort(where, kind="stable")
    place = np.log10(where[order])
    heights = (heights if greater_is_better else -heights)[order]
    best = int(np.argmax(heights))
    scale = abs(heights[best] - (reference if greater_is_better else -reference))
    if place[0] == place[-1] or not np.isfinite(heights[best]) or scale == 0:
        return None
    bound = heights[best] - tolerance * scale  # (1)
    # (2), upward and downward in the rate
    return _reach(place[best:], heights[best:], bound) + _reach(-place[best::-1], heights[best::-1], bound)


def _reach(place: FloatArray, heights: FloatArray, bound: float) -> float:
    """Return the distance from place[0] at which the line through `heights` first falls below `bound`.

    place [rate]: log10(rate) or its negative, ascending from the best rate. heights [rate]: scores there,
    greater is better. A line that never falls below gives the distance to the last rate.
    """
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
    """Return `rates` as an array [rate]. Raises UsageError if one of them is not positive and finite."""
    where = as_floats(rates, 1, "rates")
    if not (np.isfinite(where) & (where > 0)).all():
        raise UsageError(
            f"The learning rates {rates!r} are not all positive and finite.",
            "A logarithmic scale needs positive, finite learning rates.",
            "Leave out the others.",
        )
    return where


def _same_length(rates: FloatArray, values: FloatArray) -> None:
    if rates.size != values.shape[0]:
        raise UsageError(
            f"There are {rates.size} learning rates and {values.shape[0]} rows of scores.",
            "Every learning rate needs one row of scores.",
            "Pass arrays of the same length.",
        )
