"""From the scores of settings to the leaderboard of a sweep, and to what each level does.

    d_s = score of a setting on seed s - that of the first setting on seed s               (1)   paired
    m_ls = mean over the settings with level l of their scores on seed s                   (2)   a grid only
    e_ls = m_ls - m_1s                                                                      (3)   1: the first

(2) holds all other factors level, since in a grid every level meets the same others. Intervals are over seeds
and p values Wilcoxon's, by Holm over all comparisons of a kind. What tuning adds is in `tuning_interval`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ravine.statistics import holm, paired, select, tiers, tuning_interval
from ravine.studies.compare.leaderboard import UNBOUNDED, summary, within
from ravine.studies.sweep.configurations import Variant

__all__ = ["Scores", "marginal", "rows"]

HELPS = 0.05


@dataclass
class Scores:
    """What one setting scored: in tuning [rate, seed] at `rates` [rate], `values` [seed] on fresh seeds.

    stops: epochs until the parameters kept, [seed].
    """

    variant: Variant
    rates: np.ndarray = field(default_factory=lambda: np.zeros(0))
    tuning: np.ndarray | None = None
    rate: float | None = None
    values: np.ndarray = field(default_factory=lambda: np.zeros(0))
    stops: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def tried(self, rates: np.ndarray, scores: np.ndarray) -> None:
        """Take the scores [rate, seed] of more rates."""
        both = scores if self.tuning is None else np.concatenate([self.tuning, scores])
        together = np.concatenate([self.rates, rates])
        order = np.argsort(together)
        self.rates, self.tuning = together[order], both[order]

    def best(self, greater: bool) -> float | None:
        """Return the rate with the best median; None if every run diverged."""
        chosen = None if self.tuning is None else select(self.tuning, greater)
        return None if chosen is None else float(self.rates[chosen])

    def edge(self, greater: bool) -> str | None:
        """Return at which end of the rates tried the best lies, if at one."""
        best = self.best(greater)
        if best is None or len(self.rates) < 2:
            return None
        return {self.rates[0]: "low", self.rates[-1]: "high"}.get(best)


def rows(
    scores: Sequence[Scores], greater: bool, seed: int = 0, bounds: tuple[float, float] = UNBOUNDED
) -> list[dict[str, Any]]:
    """Return the leaderboard, best first, as plain values; `index` is the place in the design."""
    ran = {k: each for k, each in enumerate(scores) if np.isfinite(each.values).any()}
    names = tiers({str(k): each.values for k, each in ran.items()}, greater, seed=seed)
    table = [_row(int(k), scores[int(k)], tier, greater, seed, bounds) for k, tier in names.items()]
    last = max(names.values(), default=0) + 1
    table += [_row(k, each, last, greater, seed, bounds) for k, each in enumerate(scores) if k not in ran]
    first = scores[0].values
    others = [row for row in table if row["index"] != 0 and row["values"] and len(first)]
    against = [paired(scores[row["index"]].values, first, greater, seed=seed) for row in others]
    for row, pair, p in zip(others, against, holm([a.p_value for a in against]), strict=True):
        row["against_first"] = _paired(pair, float(p))
    best = scores[table[0]["index"]].values
    for row in table[1:]:
        if row["values"]:
            row["against_best"] = _paired(paired(scores[row["index"]].values, best, greater, seed=seed))
    return table


def _row(
    index: int, each: Scores, tier: int, greater: bool, seed: int, bounds: tuple[float, float]
) -> dict[str, Any]:
    settings, whole = each.variant.settings, bool(len(each.values) and np.isfinite(each.values).all())
    interval = None
    if whole and each.tuning is not None:
        interval = tuning_interval(each.tuning, each.values, greater, seed=seed)
    nothing = dict.fromkeys(("mean", "median", "sd", "interval")) | {"n_seeds": 0, "values": []}
    lost = 0 if each.tuning is None else int(np.sum(~np.isfinite(each.tuning)))
    return {
        "setting": each.variant.label,
        "index": index,
        "levels": dict(each.variant.levels),
        "first": index == 0,
        "optimizer": settings.optimizer,
        "learning_rate": each.rate,
        "schedule": settings.schedule,
        "network": settings.net,
        "parameters": each.variant.recipe.network.parameters,
        **(
            summary(each.values, greater, seed, bounds) if len(each.values) else {**nothing, "diverged": lost}
        ),
        "tuning_interval": None if interval is None else within(interval, each.values, bounds),
        "tier": tier,
        "epochs": float(np.mean(each.stops)) if whole and len(each.stops) else None,
        "at_edge": (each.edge(greater) if each.tuning is not None else None) or False,
        "against_first": None,
        "against_best": None,
    }


def marginal(
    scores: Sequence[Scores], factors: Sequence[str], grid: bool, greater: bool, seed: int = 0
) -> list[dict[str, Any]]:
    """Return (2) and (3) of every level; [] for a random design, whose levels meet different others.

    `helps`: True or False where the p value by Holm is at most 0.05, else None: no difference can be seen.
    Levels with diverged runs have no mean, and so no effect.
    """
    if not grid:
        return []
    found: list[dict[str, Any]] = []
    pairs = []
    for name in factors:
        means = _level_means(scores, name)
        first = next(iter(means))
        for level, values in means.items():
            row = {
                "factor": name,
                "level": level,
                "first": level == first,
                "mean": None,
                "effect": None,
                "helps": None,
            }
            if values is not None:
                row["mean"] = float(np.mean(values))
            reference = means[first]
            if level != first and values is not None and reference is not None:
                pairs.append((row, paired(values, reference, greater, seed=seed)))
            found.append(row)
    for (row, pair), p in zip(pairs, holm([pair.p_value for _, pair in pairs]), strict=True):
        row["effect"] = _paired(pair, float(p))
        if p <= HELPS:
            row["helps"] = pair.p_better > 0.5
    return found


def _level_means(scores: Sequence[Scores], name: str) -> dict[str, np.ndarray | None]:
    """Return (2) [seed] of every level in the order of the design; None where a run diverged."""
    means: dict[str, np.ndarray | None] = {}
    for level in dict.fromkeys(each.variant.levels[name] for each in scores):
        mine = [each.values for each in scores if each.variant.levels[name] == level]
        whole = all(len(values) and np.isfinite(values).all() for values in mine)
        means[level] = np.mean(mine, axis=0) if whole else None
    return means


def _paired(pair: Any, p_holm: float | None = None) -> dict[str, Any]:
    adjusted = {} if p_holm is None else {"p_holm": p_holm}
    return {
        "difference": pair.difference,
        "interval": _ends(pair.interval),
        "p_better": pair.p_better,
        "p_value": pair.p_value,
        **adjusted,
    }


def _ends(interval: Any) -> list[float] | None:
    return None if interval is None else [float(each) for each in interval]
