"""Paired comparisons of two optimizers on the same seeds: size and frequency of the difference, p value.

    d_i = a_i - b_i                                              (1)   difference on seed i
    p_better = share of seeds with d_i > 0 + half of the ties    (2)   greater is better
    W = sum of the ranks of |d_i| over all i with d_i > 0        (3)
    p_holm_(k) = max over j <= k of (m - j + 1) p_(j)            (4)   m p values, ascending

The p value of (3) is exact, also with ties: all sign patterns of the observed ranks are counted. Zero
differences are left out, as in Wilcoxon's paper. Equation (4) corrects for the number of pairs.

Source: Wilcoxon 1945 (3); Holm 1979 (4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from math import erfc, sqrt

import numpy as np
import numpy.typing as npt

from ravine.errors import UsageError
from ravine.statistics.bootstrap import Interval, interval
from ravine.statistics.diverged import FloatArray, as_floats, orient

__all__ = [
    "Pair",
    "PairedComparison",
    "compare_paired",
    "compare_pairs",
    "holm",
    "rounded_differences",
    "signed_rank_p",
    "to_grid",
]

MAX_EXACT_VALUES = 200
"""Most non-zero differences for the exact p value. Larger samples use the normal approximation."""


@dataclass(frozen=True)
class PairedComparison:
    """Comparison of A with B on the same seeds.

    difference   mean of a - b, in the unit of the metric; None if a run diverged
    interval     confidence interval of the difference; None if a run diverged, or with fewer than 3 seeds
    p_better     share of seeds on which A is better; a tie counts half
    p_equal      share of seeds with a tie
    p_value      two-sided p value of Wilcoxon's signed-rank test, in which diverged runs rank worst
    """

    difference: float | None
    interval: Interval | None
    p_better: float
    p_equal: float
    p_value: float


@dataclass(frozen=True)
class Pair:
    """A comparison of a with b: their names, its result, and its p value adjusted for all pairs by Holm."""

    a: str
    b: str
    comparison: PairedComparison
    p_holm: float


def compare_paired(
    a: npt.ArrayLike, b: npt.ArrayLike, greater_is_better: bool, level: float = 0.95, seed: int = 0
) -> PairedComparison:
    """Compare `a` [seed] with `b` [seed], scores on the same seeds, and return the comparison.

    A NaN or infinite score is a diverged run. `level` and `seed` belong to the confidence interval of the
    mean difference.

    Raises UsageError if the numbers of seeds differ.
    """
    left, right = as_floats(a, 1, "a"), as_floats(b, 1, "b")
    if left.size != right.size:
        raise UsageError(
            f"A has {left.size} seeds and B has {right.size}.",
            "Both need the same number, since they are compared seed by seed.",
            "Pass the scores of the same seeds in the same order.",
        )
    table = to_grid(orient(np.stack([left, right]), greater_is_better))
    won = rounded_differences(table[0], table[1])
    finite = bool(np.isfinite(left).all() and np.isfinite(right).all())
    change = left - right if finite else None  # (1)
    return PairedComparison(
        difference=None if change is None else float(np.mean(np.sort(change))),
        interval=None if change is None else interval(change, level=level, seed=seed),
        p_better=float(np.mean((won > 0) + 0.5 * (won == 0))),  # (2)
        p_equal=float(np.mean(won == 0)),
        p_value=signed_rank_p(won),
    )


def compare_pairs(
    values: Mapping[str, npt.ArrayLike], greater_is_better: bool, level: float = 0.95, seed: int = 0
) -> list[Pair]:
    """Compare every pair of names in `values` (name -> [seed]), and return the pairs in order of the names.

    The p values are adjusted for the number of pairs by equation (4).
    """
    names = list(combinations(values, 2))
    results = [compare_paired(values[a], values[b], greater_is_better, level, seed) for a, b in names]
    adjusted = holm([result.p_value for result in results])
    return [Pair(a, b, result, float(p)) for (a, b), result, p in zip(names, results, adjusted, strict=True)]


def holm(p_values: npt.ArrayLike) -> FloatArray:
    """Return `p_values` [test] adjusted for their number by equation (4), [test], in the same order.

    An empty array gives an empty array. Raises UsageError if a value is not between 0 and 1.

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
    stepped = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))  # (4)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def to_grid(scores: FloatArray) -> FloatArray:
    """Return `scores` [...] in units of about their rounding error, for `rounded_differences`.

    Greater is better; diverged runs are -inf. Accuracies on n rows are multiples of 1/n. Differences of
    accuracies that are equal in theory, such as 35/36 - 34/36 and 34/36 - 33/36, differ by rounding. In these
    units they round to the same whole number, so that they get the same rank.
    """
    finite = scores[np.isfinite(scores)]
    if finite.size == 0 or finite.min() == finite.max():
        return np.where(np.isfinite(scores), 0.0, -np.inf)
    low, high = float(finite.min()) / 2, float(finite.max()) / 2  # halves, so that high - low cannot overflow
    units = min(2.0**40, (high - low) / max(abs(low), abs(high)) * 2.0**48)
    return (scores / 2 - low) / (high - low) * units


def rounded_differences(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return a - b in whole units, for `a` [...] and `b` [...] from one result of `to_grid`.

    The difference is infinite where one of the two diverged, so that it outranks every finite difference. It
    is 0, a tie, where both diverged.
    """
    with np.errstate(invalid="ignore"):
        change = np.rint(a - b)
    return np.where(np.isnan(change), 0.0, change)


def signed_rank_p(change: npt.ArrayLike) -> float:
    """Return the two-sided p value of Wilcoxon's signed-rank test for differences `change` [seed].

    The test uses equation (3). The p value is 1 if all differences are 0.

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
    values = values[values != 0]
    if values.size == 0:
        return 1.0
    doubled = _doubled_ranks(np.abs(values))
    total = int(doubled.sum())
    above = int(doubled[values > 0].sum())  # 2 W of (3)
    extreme = max(above, total - above)
    if values.size > MAX_EXACT_VALUES:
        # Normal limit: 2 W has mean total / 2 and variance sum(doubled^2) / 4. The 1 is the continuity
        # correction, half a step of W in doubled ranks.
        z = max(extreme - total / 2 - 1, 0.0) / (sqrt(float((doubled.astype(float) ** 2).sum())) / 2)
        return min(1.0, erfc(z / sqrt(2)))
    chances = np.zeros(total + 1)
    chances[0] = 1.0
    for rank in doubled:  # every rank is in W or not, with equal probability
        shifted = np.zeros_like(chances)
        shifted[rank:] = chances[: chances.size - rank]
        chances = (chances + shifted) / 2
    return float(min(1.0, 2 * chances[extreme:].sum()))


def _doubled_ranks(sizes: FloatArray) -> npt.NDArray[np.int64]:
    """Return twice the mean ranks of `sizes` [seed], [seed]. They are whole numbers also with ties."""
    ordered = np.sort(sizes)
    return np.searchsorted(ordered, sizes, "left") + np.searchsorted(ordered, sizes, "right") + 1
