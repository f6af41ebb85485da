"""Summaries of scores over seeds: mean, median, interval and diverged runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ravine.execution.result_parts import ScoreSummary
from ravine.statistics import interval

__all__ = ["UNBOUNDED", "clipped", "finite_or_none", "score_summary"]

UNBOUNDED = (-np.inf, np.inf)  # bounds of a score without bounds


def score_summary(
    scores: np.ndarray, greater: bool, seed: int = 0, bounds: tuple[float, float] = UNBOUNDED
) -> ScoreSummary:
    """Return mean, median, 95 % intervals and number of diverged runs of scores [seed].

    A score that is not finite belongs to a diverged run. greater: whether a greater score is better. seed:
    random seed of the bootstrap. bounds: smallest and largest possible score, to which the interval of the
    mean is clipped.
    """
    finite = np.isfinite(scores)
    whole = bool(finite.all())
    median = float(np.median(np.where(finite, scores, -np.inf if greater else np.inf)))
    median_interval = interval(scores, "median", greater_is_better=greater)
    return ScoreSummary(
        mean=float(np.mean(scores)) if whole else None,
        median=median if np.isfinite(median) else None,
        sd=float(np.std(scores, ddof=1)) if whole and len(scores) > 1 else None,
        interval=clipped(interval(scores, seed=seed), scores, bounds) if whole else None,
        n_seeds=len(scores),
        diverged=int(np.sum(~finite)),
        values=[float(score) if ok else None for score, ok in zip(scores, finite, strict=True)],
        median_interval=None if median_interval is None else [finite_or_none(end) for end in median_interval],
    )


def clipped(
    pair: Sequence[float] | np.ndarray | None, scores: np.ndarray, bounds: tuple[float, float]
) -> list[float | None] | None:
    """Return an interval [low, high], clipped to the smallest and largest possible score.

    pair: the interval, computed from scores [seed]; None if there is none, which returns None. bounds:
    smallest and largest possible score. Clipping removes only impossible values, so coverage is unchanged. If
    a score itself lies outside the bounds, as is possible with negative weights, the interval is not clipped.
    An infinite end becomes None.
    """
    if pair is None:
        return None
    low, high = bounds
    if np.min(scores) < low or np.max(scores) > high:
        return [finite_or_none(end) for end in pair]
    return [finite_or_none(min(max(end, low), high)) for end in pair]


def finite_or_none(value: float | np.floating) -> float | None:
    """Return a number as a float that JSON can hold; None for NaN and infinity."""
    return float(value) if np.isfinite(value) else None
