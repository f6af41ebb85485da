"""Tiers of optimizers. Tier 1 holds all optimizers that the scores do not distinguish from the best.

    z_j = (sum of signed ranks of best - j) / sqrt(sum of squared ranks)      (1)   Wilcoxon, best against j
    S = max over j of z_j                                                     (2)
    p = (1 + number of shuffles with S* >= S) / (1 + number of shuffles)      (3)   S*: S of a shuffle

A shuffle permutes the names of the optimizers within each seed and selects its own best. While p <= alpha,
the optimizer with the largest z leaves the tier and the rest is tested again. The optimizers that left form
the next tiers in the same way.

The shuffles are needed because the best is selected by the same scores. If one optimizer is entered under
eight names with 20 seeds, Holm's correction for seven comparisons finds a "better" name in 8-11 % of studies
instead of 5 %. Holm's correction for all 28 pairs keeps 5 %, but with 10 seeds it can never find a
difference.

An optimizer leaves the tier only if Wilcoxon's test of this pair alone finds a difference as well. So the
interval of its difference from the best excludes 0.

The probability of any false claim that an optimizer is worse is at most alpha if all optimizers are equal.
Otherwise it is about alpha in each tier. An optimizer of a lower tier is worse than the best one of the tier
above, but not necessarily worse than all optimizers there. An optimizer with very noisy scores may share a
tier with a best one that is far better.

Source: Westfall & Young 1993, step-down procedure.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ravine.errors import UsageError
from ravine.significance import SIGNIFICANCE_LEVEL
from ravine.statistics.diverged import FloatArray, as_floats, median, orient
from ravine.statistics.paired_tests import midranks_of_sorted, paired_differences, signed_rank_p

__all__ = ["rank_names", "tiers"]


def tiers(
    values: Mapping[str, npt.ArrayLike],
    greater_is_better: bool,
    alpha: float = SIGNIFICANCE_LEVEL,
    seed: int = 0,
    shuffles: int = 999,
) -> dict[str, int]:
    """Return the tier of every optimizer named in `values`, name -> tier, ordered by tier, then by median.

    Tier 1 holds the best optimizer and all that its scores do not distinguish from it. The next tiers follow
    in the same way among the others.

    values             name -> scores [seed], with the same seeds in the same order for all names
    alpha              probability, in a tier, of a false claim that an optimizer is worse
    seed, shuffles     random seed and number of the shuffles of names from which the p values follow

    NaN and infinite scores are diverged runs and rank worst. Eight optimizers cannot be distinguished with
    fewer than about 10 seeds.

    Raises UsageError if the numbers of seeds differ, if `values` is empty, and if alpha or shuffles are
    outside their range.
    """
    if not 0.0 < alpha < 1.0:
        raise UsageError(
            f"alpha = {alpha!r} is not a probability.", "It must lie between 0 and 1.", "Use alpha=0.05."
        )
    if shuffles < 99:
        raise UsageError(
            f"{shuffles} shuffles of the names are too few.",
            "The p value needs at least 99.",
            "Use shuffles=999.",
        )
    names = rank_names(values, greater_is_better)
    scores = _table(values, names, greater_is_better)
    scores = scores[:, np.lexsort(scores[::-1])]  # equal results for every order of the seeds
    generator = np.random.default_rng(seed)
    result: dict[str, int] = {}
    remaining, tier = list(range(len(names))), 1
    while remaining:
        members = _indistinguishable(scores, remaining, alpha, generator, shuffles)
        result.update({names[member]: tier for member in members})
        remaining, tier = [index for index in remaining if index not in members], tier + 1
    return result


def rank_names(values: Mapping[str, npt.ArrayLike], greater_is_better: bool) -> list[str]:
    """Return the names of the optimizers in `values` (name -> scores [seed]), the best median first.

    Names with equal medians are ordered by wins minus losses, counted against all other names on every seed.
    Names that are still equal keep their order in `values`.

    Raises UsageError if the numbers of seeds differ or `values` is empty.
    """
    names = list(values)
    scores = _table(values, names, greater_is_better)
    order = np.lexsort((-_wins(scores), -median(scores)))
    return [names[index] for index in order]


def _table(values: Mapping[str, npt.ArrayLike], names: list[str], greater_is_better: bool) -> FloatArray:
    """Return the scores [name, seed], in which greater is better and diverged runs are -inf."""
    if not names:
        raise UsageError(
            "There is nothing to rank: `values` is empty.",
            "At least one name is needed.",
            "Pass a mapping from names to scores.",
        )
    rows = [as_floats(values[name], 1, name) for name in names]
    sizes = sorted({row.size for row in rows})
    if len(sizes) > 1:
        raise UsageError(
            f"The numbers of seeds differ: {', '.join(map(str, sizes))}.",
            "All names need the same number, since they are compared seed by seed.",
            "Pass the scores of the same seeds in the same order.",
        )
    return orient(np.stack(rows), greater_is_better)


def _wins(scores: FloatArray) -> FloatArray:
    """Return the wins minus losses of every name against all others on all seeds: [..., name]."""
    mine, others = scores[..., :, None, :], scores[..., None, :, :]
    wins = np.count_nonzero(mine > others, axis=(-2, -1))
    surplus: FloatArray = (wins - np.count_nonzero(mine < others, axis=(-2, -1))).astype(np.float64)
    return surplus


def _indistinguishable(
    scores: FloatArray, members: list[int], alpha: float, generator: np.random.Generator, shuffles: int
) -> list[int]:
    """Return the `members` (indices into `scores` [name, seed]) that are not worse than the best of them."""
    inside = list(members)
    while len(inside) > 1:
        table = scores[inside]
        observed, best = _against_best(table[None])
        worst = int(np.argmax(observed[0]))
        if observed[0, worst] <= 0:
            break
        if signed_rank_p(*paired_differences(table[best[0]], table[worst])) > alpha:
            break
        order = np.argsort(generator.random((shuffles, *table.shape)), axis=1)
        shuffled = np.take_along_axis(table[None], order, axis=1)
        reached = _against_best(shuffled)[0].max(axis=1) >= observed[0, worst] - 1e-9  # (2)
        if (1 + int(reached.sum())) / (1 + shuffles) > alpha:  # (3)
            break
        del inside[worst]
    return inside


def _against_best(tables: FloatArray) -> tuple[FloatArray, npt.NDArray[np.intp]]:
    """Return z of (1), [table, name], and the best name [table], for scores `tables` [table, name, seed].

    Every table has its own best name, whose z is 0.
    """
    centers = median(tables)
    tied = centers == centers.max(axis=1, keepdims=True)
    best = centers.argmax(axis=1)
    if np.count_nonzero(tied) > best.size:  # wins are counted for ties only: they cost most of the time
        best = np.where(tied, _wins(tables), -np.inf).argmax(axis=1)
    change, tolerance = paired_differences(np.take_along_axis(tables, best[:, None, None], axis=1), tables)
    sizes = np.abs(change)
    order = np.argsort(sizes, axis=-1)
    sizes, tolerance, signs = (
        np.take_along_axis(values, order, axis=-1) for values in (sizes, tolerance, np.sign(change))
    )
    ranks = midranks_of_sorted(sizes, tolerance)
    z: FloatArray = (ranks * signs).sum(axis=-1) / np.sqrt((ranks**2).sum(axis=-1))  # (1)
    return z, best
