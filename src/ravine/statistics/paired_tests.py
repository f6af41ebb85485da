"""Two rules on the same seeds: by how much, how often, and could it be luck.

    d_i = a_i - b_i                                              (1)   one difference a seed
    p_better = share of seeds where A wins + half the ties       (2)
    W = sum of the ranks of |d_i| over d_i > 0                   (3)   Wilcoxon 1945

The p value of (3) is exact, ties included: all sign patterns of the ranks met are counted. Zero differences
are left out, as Wilcoxon did. Holm 1979 corrects for the number of pairs.
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
"""Up to this many non-zero differences every sign pattern is counted; beyond it the normal limit is used."""


@dataclass(frozen=True)
class PairedComparison:
    """A against B on the same seeds.

    difference   mean of a - b, in the unit of the metric; None when a run diverged
    interval     its confidence interval; None when a run diverged or there are fewer than 3 seeds
    p_better     probability that A beats B on a seed, ties count half
    p_equal      share of seeds that tie
    p_value      two-sided Wilcoxon signed-rank, diverged runs ranked worst
    """

    difference: float | None
    interval: Interval | None
    p_better: float
    p_equal: float
    p_value: float


@dataclass(frozen=True)
class Pair:
    """Rules `a` and `b`, their paired comparison, and its p value adjusted by Holm over all pairs."""

    a: str
    b: str
    comparison: PairedComparison
    p_holm: float


def compare_paired(
    a: npt.ArrayLike, b: npt.ArrayLike, greater_is_better: bool, level: float = 0.95, seed: int = 0
) -> PairedComparison:
    """Compare `a` [seed] with `b` [seed], value by value; NaN and infinite values are diverged runs.

    Raises UsageError if the two have not the same number of seeds.
    """
    left, right = as_floats(a, 1, "a"), as_floats(b, 1, "b")
    if left.size != right.size:
        raise UsageError(
            f"A has {left.size} seeds and B has {right.size}.",
            "They are compared seed by seed.",
            "Pass values of the same seeds in the same order.",
        )
    table = to_grid(orient(np.stack([left, right]), greater_is_better))
    won = rounded_differences(table[0], table[1])
    finite = bool(np.isfinite(left).all() and np.isfinite(right).all())
    change = left - right if finite else None
    return PairedComparison(
        difference=None if change is None else float(np.mean(np.sort(change))),
        interval=None if change is None else interval(change, level=level, seed=seed),
        p_better=float(np.mean((won > 0) + 0.5 * (won == 0))),
        p_equal=float(np.mean(won == 0)),
        p_value=signed_rank_p(won),
    )


def compare_pairs(
    values: Mapping[str, npt.ArrayLike], greater_is_better: bool, level: float = 0.95, seed: int = 0
) -> list[Pair]:
    """Compare every two of `values` (name -> [seed]), Holm over all pairs, in the order given."""
    names = list(combinations(values, 2))
    results = [compare_paired(values[a], values[b], greater_is_better, level, seed) for a, b in names]
    adjusted = holm([each.p_value for each in results])
    return [Pair(a, b, each, float(p)) for (a, b), each, p in zip(names, results, adjusted, strict=True)]


def holm(p_values: npt.ArrayLike) -> FloatArray:
    """Return the p values adjusted by Holm's step-down method, in the order given; none for none."""
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all():
        raise UsageError("These are no p values.", "Each must lie between 0 and 1.", "Pass a list of them.")
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def to_grid(scores: FloatArray) -> FloatArray:
    """Return `scores` (any shape, greater is better, -inf diverged) in units so small that one is rounding.

    Differences that are equal but for rounding become equal when rounded to whole units: accuracies are
    multiples of 1/n, and (35 - 34)/36 is (34 - 33)/36.
    """
    finite = scores[np.isfinite(scores)]
    if finite.size == 0 or finite.min() == finite.max():
        return np.where(np.isfinite(scores), 0.0, -np.inf)
    low, high = float(finite.min()) / 2, float(finite.max()) / 2  # halves: the span must not overflow
    units = min(2.0**40, (high - low) / max(abs(low), abs(high)) * 2.0**48)
    return (scores / 2 - low) / (high - low) * units


def rounded_differences(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return a - b for two parts of one `to_grid` table, ready to be ranked.

    Infinite where one of the two diverged, so that it outranks every finite difference; 0, a tie, where both
    did.
    """
    with np.errstate(invalid="ignore"):
        change = np.rint(a - b)
    return np.where(np.isnan(change), 0.0, change)


def signed_rank_p(change: npt.ArrayLike) -> float:
    """Return the two-sided Wilcoxon signed-rank p value of differences `change` [seed]; 1 if all are 0."""
    values = as_floats(change, 1, "change")
    if np.isnan(values).any():
        raise UsageError(
            "A difference is NaN.", "It has no rank.", "Compare diverged runs with `compare_paired`."
        )
    values = values[values != 0]
    if values.size == 0:
        return 1.0
    doubled = _doubled_ranks(np.abs(values))
    total = int(doubled.sum())
    above = int(doubled[values > 0].sum())
    extreme = max(above, total - above)
    if values.size > MAX_EXACT_VALUES:
        # 2W - total has mean 0 and variance sum of r^2; a half step of continuity, ranks being doubled
        z = max(extreme - total / 2 - 1, 0.0) / (sqrt(float((doubled.astype(float) ** 2).sum())) / 2)
        return min(1.0, erfc(z / sqrt(2)))
    chances = np.zeros(total + 1)
    chances[0] = 1.0
    for rank in doubled:  # each rank is in W or not, with equal chance
        shifted = np.zeros_like(chances)
        shifted[rank:] = chances[: chances.size - rank]
        chances = (chances + shifted) / 2
    return float(min(1.0, 2 * chances[extreme:].sum()))


def _doubled_ranks(sizes: FloatArray) -> npt.NDArray[np.int64]:
    """Return twice the mid-ranks of `sizes` [seed]: whole numbers even with ties."""
    ordered = np.sort(sizes)
    return np.searchsorted(ordered, sizes, "left") + np.searchsorted(ordered, sizes, "right") + 1
