"""Paired comparisons of two optimizers on the same seeds: size and frequency of the difference, p value.

    d_i = a_i - b_i                                              (1)   difference on seed i of n
    p_better = share of seeds with d_i > 0 + half of the ties    (2)   greater is better
    w_ij = (d_i + d_j) / 2 for all i <= j                        (3)   Walsh averages
    difference = median of w_ij                                  (4)   Hodges-Lehmann estimate
    W = number of w_ij > 0 + half the number of w_ij = 0         (5)   Wilcoxon's signed-rank statistic
    interval = [w_(k), w_(N + 1 - k)], N = n (n + 1) / 2         (6)   k - 1: largest x, P(W <= x) <= 0.025
    p_holm_(k) = max over j <= k of (m - j + 1) p_(j)            (7)   m p values, ascending

(6) is the 95 % interval. (5) equals the sum of the ranks of |d_i| over all i with d_i > 0. Equal |d_i| share
their mean rank, and a difference of 0 counts half. Estimate, interval and test rest on the same ranks, so
that they agree, and one outlier among the seeds changes none of them much. A mean would follow the outlier.

The p value is the larger one of two exact values: of all sign patterns of the observed ranks, and of the
ranks 1 ... n. They differ only if some |d_i| are equal. Equal |d_i| can also make (6) and the test disagree
about 0. Then the test decides: the interval is extended to 0, or begins with the average w_ij next to 0. So
the interval contains 0 if and only if the test finds no difference.

Scores are equal if they differ by no more than the rounding error of 32-bit numbers of their own size. The
scores of other seeds do not matter, however large they are.

Source: Wilcoxon 1945; Hodges & Lehmann 1963 (4); Hollander & Wolfe 1999, chapter 3 (6); Holm 1979 (7).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import erfc, sqrt

import numpy as np
import numpy.typing as npt

from ravine.errors import UsageError
from ravine.statistics.bootstrap import Interval
from ravine.statistics.diverged import FloatArray, as_floats, median, orient

__all__ = [
    "Pair",
    "PairedComparison",
    "compare_paired",
    "compare_pairs",
    "holm",
    "midranks_of_sorted",
    "paired_differences",
    "signed_rank_p",
]

MAX_EXACT_VALUES = 200
"""Most differences for the exact p value. Larger samples use the normal approximation."""
ROUNDING = 2.0**-20
"""Relative difference of two equal scores that were rounded to 32 bits and to the 53 bits of a difference."""


@dataclass(frozen=True)
class PairedComparison:
    """Comparison of the scores of optimizers A and B on the same seeds. Diverged runs have the worst score.

    difference   Hodges-Lehmann estimate of score of A minus score of B: the median of the means of all pairs
                 of differences, in the unit of the metric; None if too many runs diverged
    interval     confidence interval of the difference, an end infinite if too many runs diverged; None if
                 both ends are infinite, and with too few seeds: at 95 %, fewer than 6
    p_better     share of seeds on which A is better; a tie counts half
    p_equal      share of seeds with a tie
    p_value      two-sided p value of Wilcoxon's signed-rank test
    """

    difference: float | None
    interval: Interval | None
    p_better: float
    p_equal: float
    p_value: float


@dataclass(frozen=True)
class Pair:
    """Comparison of one pair of optimizers, out of many pairs that are tested together.

    a, b         names of the two optimizers
    comparison   comparison of the scores of `a` with those of `b` on the same seeds
    p_holm       p value of the pair, adjusted for the number of pairs by Holm's method
    """

    a: str
    b: str
    comparison: PairedComparison
    p_holm: float


def compare_paired(
    a: npt.ArrayLike, b: npt.ArrayLike, greater_is_better: bool, level: float = 0.95
) -> PairedComparison:
    """Return the comparison of two optimizers with scores `a` [seed] and `b` [seed] on the same seeds.

    The comparison holds the difference of the scores with its confidence interval, the share of seeds on
    which the first optimizer is better, and Wilcoxon's p value. A NaN or infinite score is a diverged run.

    level   probability that the interval covers the true difference

    Raises UsageError if the numbers of seeds differ, and for a level that is not a probability.
    """
    left, right = as_floats(a, 1, "a"), as_floats(b, 1, "b")
    if left.size != right.size:
        raise UsageError(
            f"A has {left.size} seeds and B has {right.size}.",
            "Both need the same number, since they are compared seed by seed.",
            "Pass the scores of the same seeds in the same order.",
        )
    if not 0.0 < level < 1.0:
        raise UsageError(
            f"The confidence level {level!r} is not a probability.",
            "It must lie between 0 and 1.",
            "Use level=0.95.",
        )
    change, tolerance = paired_differences(orient(left, greater_is_better), orient(right, greater_is_better))
    p_value = signed_rank_p(change, tolerance)
    averages = _walsh_averages(change)
    center = float(median(averages))  # (4)
    ends = _interval(averages, change.size, level)
    if ends is not None:
        ends = _with_zero(ends) if p_value > 1 - level else _without_zero(ends, averages)
        ends = ends if np.isfinite(ends).any() else None
    if not greater_is_better:
        center, ends = -center, None if ends is None else (-ends[1], -ends[0])
    return PairedComparison(
        difference=center + 0.0 if np.isfinite(center) else None,  # + 0.0: no -0.0
        interval=None if ends is None else (ends[0] + 0.0, ends[1] + 0.0),
        p_better=float(np.mean((change > 0) + 0.5 * (change == 0))),  # (2)
        p_equal=float(np.mean(change == 0)),
        p_value=p_value,
    )


def compare_pairs(
    values: Mapping[str, npt.ArrayLike], greater_is_better: bool, level: float = 0.95
) -> list[Pair]:
    """Return the paired comparison of every two names in `values`, a mapping name -> scores [seed].

    The scores of all names belong to the same seeds. The pairs are in the order of the names. Their p values
    are adjusted for the number of pairs by Holm's method.

    Raises UsageError if the numbers of seeds differ, and for a level that is not a probability.
    """
    names = list(combinations(values, 2))
    results = [compare_paired(values[a], values[b], greater_is_better, level) for a, b in names]
    adjusted = holm([result.p_value for result in results])
    return [Pair(a, b, result, float(p)) for (a, b), result, p in zip(names, results, adjusted, strict=True)]


def holm(p_values: npt.ArrayLike) -> FloatArray:
    """Return the p values of several tests, [test], adjusted for their number by Holm's method: [test].

    The order stays the same. The k-th smallest of m p values becomes the largest (m - j + 1) p_(j) over all j
    <= k, at most 1. An empty array gives an empty array. Raises UsageError if a value is not between 0 and 1.

    Source: Holm 1979.
    """
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all():
        raise UsageError(
            f"These are not p values: {p_values!r}.",
            "Every p value must lie between 0 and 1.",
            "Pass a list of p values.",
        )
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))  # (7)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def paired_differences(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the differences a - b of the scores [...] of two optimizers, and their rounding errors [...].

    In the scores, greater is better and diverged runs are -inf. The difference is infinite where one of the
    two runs diverged, so that it outranks every finite difference. It is 0, a tie, where both runs diverged,
    and where the scores differ by no more than their rounding error.
    """
    with np.errstate(invalid="ignore"):
        change = a - b
    sizes = np.maximum(np.where(np.isfinite(a), np.abs(a), 0.0), np.where(np.isfinite(b), np.abs(b), 0.0))
    tolerance = ROUNDING * sizes
    return np.where(np.isnan(change) | (np.abs(change) <= tolerance), 0.0, change), tolerance


def midranks_of_sorted(sizes: FloatArray, tolerance: FloatArray) -> FloatArray:
    """Return the ranks 1 ... n of the numbers `sizes` [..., n], which are in ascending order: [..., n].

    Tied numbers all get the mean of their ranks. Two successive numbers are tied if they differ by no more
    than the sum of their rounding errors. tolerance [..., n]: rounding error of each number.
    """
    count = sizes.shape[-1]
    position = np.arange(count)
    starts = np.ones(sizes.shape, dtype=bool)
    with np.errstate(invalid="ignore"):  # two infinite sizes are tied
        starts[..., 1:] = np.diff(sizes, axis=-1) > tolerance[..., 1:] + tolerance[..., :-1]
    ends = np.ones(sizes.shape, dtype=bool)
    ends[..., :-1] = starts[..., 1:]
    first = np.maximum.accumulate(np.where(starts, position, 0), axis=-1)
    last = np.minimum.accumulate(np.where(ends, position, count)[..., ::-1], axis=-1)[..., ::-1]
    ranks: FloatArray = (first + last) / 2 + 1
    return ranks


def signed_rank_p(change: npt.ArrayLike, tolerance: npt.ArrayLike | None = None) -> float:
    """Return the two-sided p value of Wilcoxon's signed-rank test for the paired differences `change` [seed].

    The p value is 1 if all differences are 0. It is exact for up to 200 differences. For more it uses the
    normal approximation.

    tolerance   rounding errors of the differences [seed], within which two sizes are tied; None: no errors

    Raises UsageError if a difference is NaN.

    Source: Wilcoxon 1945.
    """
    values = as_floats(change, 1, "change")
    if np.isnan(values).any():
        raise UsageError(
            f"{int(np.isnan(values).sum())} of {values.size} differences are NaN.",
            "NaN has no rank, so every difference must be a number or infinite.",
            "Compare diverged runs with `compare_paired`.",
        )
    errors = np.zeros_like(values) if tolerance is None else as_floats(tolerance, 1, "tolerance")
    order = np.argsort(np.abs(values), kind="stable")
    doubled = np.rint(2 * midranks_of_sorted(np.abs(values)[order], errors[order])).astype(np.int64)
    signs = np.sign(values[order])
    total = int(doubled.sum())
    # 4 W of (5): doubled ranks are whole numbers also with ties, and half of them are added for zeros
    above = int((doubled * (1 + signs)).sum())
    extreme = max(above, 2 * total - above)
    if values.size > MAX_EXACT_VALUES:
        # Normal limit: 4 W has mean total. The 2 is the continuity correction, half a step of W.
        z = max(extreme - total - 2, 0.0) / (4 * _standard_deviation(values.size))
        return min(1.0, erfc(z / sqrt(2)))
    untied = 2 * np.arange(1, values.size + 1)
    return max(_upper_tail(tuple(ranks.tolist()), extreme / 2) for ranks in (doubled, untied))


def _upper_tail(doubled: tuple[int, ...], extreme: float) -> float:
    """Return the probability that 2 W of (5) is at least `extreme`, or as far below its mean.

    doubled: twice the ranks. Every rank is in W or not, with equal probability.
    """
    chances = _chances(doubled)
    return float(min(1.0, 2 * chances[int(np.ceil(extreme)) :].sum()))


@lru_cache(maxsize=64)
def _chances(doubled: tuple[int, ...]) -> FloatArray:
    """Return the probability of each value of 2 W, from 0 to the sum of the doubled ranks."""
    total = sum(doubled)
    chances = np.zeros(total + 1)
    chances[0] = 1.0
    for rank in doubled:
        shifted = np.zeros_like(chances)
        shifted[rank:] = chances[: chances.size - rank]
        chances = (chances + shifted) / 2
    chances.setflags(write=False)
    return chances


def _standard_deviation(count: int) -> float:
    """Return the standard deviation of W for `count` differences of different sizes, the largest possible."""
    return sqrt(count * (count + 1) * (2 * count + 1) / 24)


def _walsh_averages(change: FloatArray) -> FloatArray:
    """Return (3) for `change` [seed] in ascending order, [pair]. The mean of inf and -inf is 0."""
    first, second = np.triu_indices(change.size)
    with np.errstate(invalid="ignore"):
        averages = change[first] / 2 + change[second] / 2
    return np.sort(np.where(np.isnan(averages), 0.0, averages))


def _interval(averages: FloatArray, count: int, level: float) -> Interval | None:
    """Return (6) from ascending Walsh `averages` of `count` differences; None if `count` is too small."""
    tail = (1 - level) / 2
    if count > MAX_EXACT_VALUES:
        from scipy.special import ndtri

        spread = float(-ndtri(tail)) * _standard_deviation(count)
        below = int(np.floor(averages.size / 2 - 0.5 - spread)) + 1
    else:
        chances = np.cumsum(_chances(tuple(range(1, count + 1))))
        below = int(np.searchsorted(chances, tail * (1 + 1e-12), side="right"))
    return (float(averages[below - 1]), float(averages[-below])) if below else None


def _with_zero(ends: Interval) -> Interval:
    return min(ends[0], 0.0), max(ends[1], 0.0)


def _without_zero(ends: Interval, averages: FloatArray) -> Interval:
    """Return `ends`, in which an end at 0 moves to the nearest of the ascending `averages` inside."""
    low, high = ends
    if low == 0:
        low = float(averages[np.searchsorted(averages, 0.0, side="right")])
    elif high == 0:
        high = float(averages[np.searchsorted(averages, 0.0, side="left") - 1])
    return low, high
