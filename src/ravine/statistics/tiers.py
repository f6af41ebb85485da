"""Tiers in place of bare ranks: tier 1 is "not distinguishable from the best".

The best is picked after looking, so comparing it with the other seven and correcting for seven claims too
much: with eight names for one rule and 20 seeds, Holm over seven finds a "better" one in 8-11 % of studies;
Holm over all 28 pairs keeps to 5 % but can claim nothing at all with 10 seeds. So the comparison is
calibrated by what it would give without differences (Westfall & Young 1993, step-down):

    z_j = (sum of signed ranks of best - j) / sqrt(sum of squared ranks)      (1)   Wilcoxon, against the best
    S = max over j of z_j                                                     (2)
    p = share of shuffles of the names within each seed, best picked anew, with S* >= S        (3)

While p <= alpha the rule with the largest z leaves the tier and the rest is tested again; those that left
form the next tiers in the same way. The chance of any false claim is at most alpha when all rules are the
same, and about alpha in each tier otherwise. To be in a lower tier is to be worse than the best of the tier
above, not than each of its members: a rule with very noisy scores may stay beside a best it is far from.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ravine.errors import UsageError
from ravine.statistics.diverged import FloatArray, as_floats, median, orient
from ravine.statistics.paired_tests import rounded_differences, to_grid

__all__ = ["rank_names", "tiers"]


def tiers(
    values: Mapping[str, npt.ArrayLike],
    greater_is_better: bool,
    alpha: float = 0.05,
    seed: int = 0,
    shuffles: int = 999,
) -> dict[str, int]:
    """Return the tier (1 is best) of every name in `values` (name -> [seed], same seeds in the same order).

    NaN and infinite values are diverged runs and rank worst. The order is by tier, then by median. With eight
    rules nothing can be told apart on fewer than about 10 seeds. Raises UsageError on unequal numbers of
    seeds.
    """
    if not 0.0 < alpha < 1.0:
        raise UsageError(f"alpha = {alpha!r} is no probability.", "It lies between 0 and 1.", "Use 0.05.")
    if shuffles < 99:
        raise UsageError(f"{shuffles} shuffles are too few.", "The p value needs at least 99.", "Use 999.")
    names = rank_names(values, greater_is_better)
    scores = _table(values, names, greater_is_better)
    scores = scores[:, np.lexsort(scores[::-1])]  # the order of the seeds must not matter
    generator = np.random.default_rng(seed)
    result: dict[str, int] = {}
    waiting, tier = list(range(len(names))), 1
    while waiting:
        inside = _indistinguishable(scores, waiting, alpha, generator, shuffles)
        result.update({names[each]: tier for each in inside})
        waiting, tier = [each for each in waiting if each not in inside], tier + 1
    return result


def rank_names(values: Mapping[str, npt.ArrayLike], greater_is_better: bool) -> list[str]:
    """Return the names, best median first; equal medians by wins less losses within seeds, then as given."""
    names = list(values)
    scores = _table(values, names, greater_is_better)
    order = np.lexsort((-_wins(scores), -median(scores)))
    return [names[each] for each in order]


def _table(values: Mapping[str, npt.ArrayLike], names: list[str], greater_is_better: bool) -> FloatArray:
    """Return scores [name, seed], greater is better, diverged -inf."""
    if not names:
        raise UsageError("There is nothing to rank.", "No names were given.", "Pass name -> values.")
    rows = [as_floats(values[name], 1, name) for name in names]
    sizes = sorted({row.size for row in rows})
    if len(sizes) > 1:
        raise UsageError(
            f"The numbers of seeds differ: {', '.join(map(str, sizes))}.",
            "Rules are compared seed by seed.",
            "Pass values of the same seeds in the same order.",
        )
    return orient(np.stack(rows), greater_is_better)


def _wins(scores: FloatArray) -> FloatArray:
    """Return, per name, wins less losses over all others and seeds: [..., name]."""
    mine, others = scores[..., :, None, :], scores[..., None, :, :]
    wins = np.count_nonzero(mine > others, axis=(-2, -1))
    surplus: FloatArray = (wins - np.count_nonzero(mine < others, axis=(-2, -1))).astype(np.float64)
    return surplus


def _indistinguishable(
    scores: FloatArray, members: list[int], alpha: float, generator: np.random.Generator, shuffles: int
) -> list[int]:
    """Return those of `members` that are not worse than the best of them."""
    inside = list(members)
    while len(inside) > 1:
        table = to_grid(scores[inside])
        observed = _against_best(table[None])[0]
        worst = int(np.argmax(observed))
        if observed[worst] <= 0:
            break
        order = np.argsort(generator.random((shuffles, *table.shape)), axis=1)
        shuffled = np.take_along_axis(table[None], order, axis=1)
        reached = _against_best(shuffled).max(axis=1) >= observed[worst] - 1e-9
        if (1 + int(reached.sum())) / (1 + shuffles) > alpha:
            break
        del inside[worst]
    return inside


def _against_best(tables: FloatArray) -> FloatArray:
    """Return z of equation (1) for each name against the best of its table: [table, name], 0 for the best."""
    centres = median(tables)
    tied = centres == centres.max(axis=1, keepdims=True)
    best = centres.argmax(axis=1)
    if np.count_nonzero(tied) > best.size:  # counting wins costs more than all the rest
        best = np.where(tied, _wins(tables), -np.inf).argmax(axis=1)
    won = rounded_differences(np.take_along_axis(tables, best[:, None, None], axis=1), tables)
    # sorted by size with the sign in the last bit; a diverged run is beyond the largest to_grid difference
    keys = np.clip(won, -(2.0**42), 2.0**42).astype(np.int64)
    keys = np.sort(2 * np.abs(keys) + (keys > 0), axis=-1)
    sizes = keys >> 1
    signs = np.where(sizes == 0, 0, 2 * (keys & 1) - 1)
    ranks = _midranks_of_sorted(sizes) - np.count_nonzero(sizes == 0, axis=-1, keepdims=True)
    total, squares = (ranks * signs).sum(axis=-1), (ranks**2 * (signs != 0)).sum(axis=-1)
    z: FloatArray = total / np.sqrt(np.maximum(squares, 1.0))
    return z


def _midranks_of_sorted(values: npt.NDArray[np.int64]) -> FloatArray:
    """Return the ranks 1..n along the last axis of ascending `values`, ties sharing the mean rank."""
    count = values.shape[-1]
    place = np.arange(count)
    starts = np.ones(values.shape, dtype=bool)
    starts[..., 1:] = values[..., 1:] > values[..., :-1]
    ends = np.ones(values.shape, dtype=bool)
    ends[..., :-1] = starts[..., 1:]
    first = np.maximum.accumulate(np.where(starts, place, 0), axis=-1)
    last = np.minimum.accumulate(np.where(ends, place, count)[..., ::-1], axis=-1)[..., ::-1]
    return (first + last) / 2 + 1
