"""The leaderboard of a sweep, and the effect of every level (value) of a factor on the score.

    d_s = score of a configuration on seed s - score of the baseline on seed s              (1)
    m_ls = mean over all configurations with level l of their scores on seed s              (2)
    e_ls = m_ls - m_1s                                                                      (3)

The baseline is the first configuration of the sweep. Levels l of one factor are counted from 1, so (3) is the
effect of level l against the first level. If a configuration with level l diverged on seed s, m_ls is
infinitely bad. Equations (2) and (3) are used for a grid only: there every level is combined with the same
levels of the other factors, so that the comparison of levels is fair.

Medians and intervals of (1) and (3) are taken over seeds, and p values are those of Wilcoxon's signed-rank
test. Holm's method adjusts all p values of (1) for their number, and likewise all p values of (3). The field
`tuning_interval` of a row is wider than its interval of evaluation, because it includes the uncertainty of
tuning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ravine.execution.constant_score import ConstantScores, failed_count
from ravine.execution.length_advice import LossTrend
from ravine.execution.result_parts import MetricFacts, ScoreSummary
from ravine.execution.score_summary import UNBOUNDED, clipped, finite_or_none, score_summary
from ravine.significance import SIGNIFICANCE_LEVEL
from ravine.statistics import (
    Interval,
    PairedComparison,
    compare_paired,
    holm,
    rank_names,
    select,
    tiers,
    tuning_interval,
)
from ravine.statistics.diverged import median
from ravine.studies.sweep.configurations import Configuration
from ravine.studies.sweep.result import AdjustedDifference, ConfigurationRow, LevelEffect, PairedDifference
from ravine.user_code.code_text import short_code

__all__ = ["Scores", "leaderboard", "level_effects"]


@dataclass
class Scores:
    """Validation scores of one configuration of a sweep, in tuning and on fresh seeds.

    tuning [rate, seed]: scores in tuning, at the learning rates `rates` [rate]; None without tuning. rate:
    learning rate on fresh seeds, None until it is chosen. values [seed]: scores on fresh seeds; empty before
    the evaluation. stops [seed]: epochs of training until the evaluation whose weights are kept: the best one
    with early stopping, else the last one. losses [seed]: validation losses on fresh seeds. constants: score
    and loss of a constant prediction on the same rows. trend: trend of the validation loss at the end of
    training.
    """

    configuration: Configuration
    rates: np.ndarray = field(default_factory=lambda: np.zeros(0))
    tuning: np.ndarray | None = None
    rate: float | None = None
    values: np.ndarray = field(default_factory=lambda: np.zeros(0))
    stops: np.ndarray = field(default_factory=lambda: np.zeros(0))
    losses: np.ndarray | None = None
    constants: ConstantScores | None = None
    trend: LossTrend | None = None

    def add_trials(self, rates: np.ndarray, scores: np.ndarray) -> None:
        """Add the tuning scores [rate, seed] of this configuration at further learning rates [rate].

        All learning rates tried so far are then sorted in ascending order.
        """
        all_scores = scores if self.tuning is None else np.concatenate([self.tuning, scores])
        all_rates = np.concatenate([self.rates, rates])
        order = np.argsort(all_rates)
        self.rates, self.tuning = all_rates[order], all_scores[order]

    def best_rate(self, greater: bool) -> float | None:
        """Return the learning rate with the best median score over the tuning seeds.

        greater: whether a greater score is better. Returns None without tuning, and if every run of tuning
        diverged.
        """
        chosen = None if self.tuning is None else select(self.tuning, greater)
        return None if chosen is None else float(self.rates[chosen])

    def range_end(self, greater: bool) -> Literal["low", "high"] | None:
        """Return "low" or "high" if the best learning rate in tuning is the lowest or highest one tried.

        A better learning rate may then lie outside the range. greater: whether a greater score is better.
        Returns None otherwise.
        """
        best = self.best_rate(greater)
        if best is None or len(self.rates) < 2:
            return None
        if best == self.rates[0]:
            return "low"
        return "high" if best == self.rates[-1] else None


def leaderboard(
    scores: Sequence[Scores], greater: bool, seed: int = 0, bounds: tuple[float, float] = UNBOUNDED
) -> list[ConfigurationRow]:
    """Return the rows of the leaderboard of a sweep, one for each configuration, best median first.

    Configurations without a finite score come last. scores: scores of each configuration, in the order of the
    design; the first is the baseline. greater: whether a greater score is better. seed: random seed of
    bootstrap and shuffles. bounds: smallest and largest possible value of the metric.
    """
    finished = {k: part.values for k, part in enumerate(scores) if np.isfinite(part.values).any()}
    named = {str(k): values for k, values in finished.items()}
    tier_of = tiers(named, greater, seed=seed)
    placed = {int(k): tier_of[k] for k in rank_names(named, greater)}
    last = max(tier_of.values(), default=0) + 1
    placed |= {k: last for k in range(len(scores)) if k not in placed}
    evaluated = [k for k in placed if len(scores[k].values)]
    best = next(iter(placed))
    others = [k for k in evaluated if k != 0 and 0 in evaluated]
    first = {k: compare_paired(scores[k].values, scores[0].values, greater) for k in others}  # (1)
    p_values = holm([pair.p_value for pair in first.values()])
    against_first = {k: _adjusted(first[k], float(p)) for k, p in zip(first, p_values, strict=True)}
    against_best = {
        k: _difference(compare_paired(scores[k].values, scores[best].values, greater))
        for k in evaluated
        if k != best
    }
    return [
        _row(k, scores[k], tier, greater, seed, bounds, against_first.get(k), against_best.get(k))
        for k, tier in placed.items()
    ]


def _row(
    index: int,
    scores: Scores,
    tier: int,
    greater: bool,
    seed: int,
    bounds: tuple[float, float],
    against_first: AdjustedDifference | None,
    against_best: PairedDifference | None,
) -> ConfigurationRow:
    configuration, settings = scores.configuration, scores.configuration.settings
    whole = bool(len(scores.values) and np.isfinite(scores.values).all())
    interval = None
    if whole and scores.tuning is not None:
        interval = tuning_interval(scores.tuning, scores.values, greater, "median", seed=seed)
    return ConfigurationRow(
        **vars(_summary(scores, greater, seed, bounds)),
        setting=configuration.label,
        index=index,
        levels=dict(configuration.levels),
        first=index == 0,
        optimizer=short_code(settings.optimizer),
        learning_rate=scores.rate,
        schedule=settings.schedule,
        network=short_code(settings.net),
        parameters=configuration.spec.network.parameters,
        tuning_interval=clipped(interval, scores.values, bounds),
        tier=tier,
        epochs=float(np.mean(scores.stops)) if whole and len(scores.stops) else None,
        at_edge=scores.range_end(greater) or False,
        against_first=against_first,
        against_best=against_best,
        failed=_failed(scores, greater),
        constant=None if scores.constants is None else finite_or_none(np.median(scores.constants.scores)),
        trend=scores.trend,
    )


def _failed(scores: Scores, greater: bool) -> int:
    """Return the number of failed seeds; without runs on fresh seeds, that of all runs of tuning."""
    if len(scores.values):
        return failed_count(scores.values, scores.losses, scores.constants, greater)
    return 0 if scores.tuning is None else scores.tuning.size


def _summary(scores: Scores, greater: bool, seed: int, bounds: tuple[float, float]) -> ScoreSummary:
    """Return mean and interval of the scores of one configuration on fresh seeds.

    If no run on fresh seeds was made, `diverged` counts the diverged runs of tuning.
    """
    if len(scores.values):
        return score_summary(scores.values, greater, seed, bounds)
    diverged = 0 if scores.tuning is None else int(np.sum(~np.isfinite(scores.tuning)))
    return ScoreSummary(
        mean=None, median=None, sd=None, interval=None, n_seeds=0, diverged=diverged, values=[]
    )


def level_effects(scores: Sequence[Scores], factors: Sequence[str], metric: MetricFacts) -> list[LevelEffect]:
    """Return the score and the effect of every level (value) of the factors of a sweep, factor by factor.

    The score of a level is a mean over all configurations with this level. Its effect is the difference from
    the score of the first level of the same factor, on the same seeds. The sweep must be a grid, so that
    every level meets the same levels of the other factors. scores: scores of each configuration. factors:
    names of the factors. metric: decides which differences matter.
    """
    greater = metric.greater_is_better
    means = {name: _level_means(scores, name, greater) for name in factors}
    pairs: dict[tuple[str, str], PairedComparison] = {}
    for name, levels in means.items():
        first, *others = levels
        reference = levels[first]
        for level in others:
            pairs[name, level] = compare_paired(levels[level], reference, greater)  # (3)
    p_values = holm([pair.p_value for pair in pairs.values()])
    adjusted = {pair: float(p) for pair, p in zip(pairs, p_values, strict=True)}
    return [
        _effect(scores, name, level, levels, pairs.get((name, level)), adjusted, metric)
        for name, levels in means.items()
        for level in levels
    ]


def _effect(
    scores: Sequence[Scores],
    name: str,
    level: str,
    levels: Mapping[str, np.ndarray],
    pair: PairedComparison | None,
    adjusted: Mapping[tuple[str, str], float],
    metric: MetricFacts,
) -> LevelEffect:
    first = next(iter(levels))
    p = adjusted.get((name, level))
    medians = {key: finite_or_none(float(median(levels[key]))) for key in (first, level)}
    runs = [_runs(part) for part in scores if part.configuration.levels[name] == level]
    return LevelEffect(
        factor=name,
        level=level,
        first=level == first,
        median=medians[level],
        effect=None if pair is None or p is None else _adjusted(pair, p),
        helps=None if pair is None or p is None or p > SIGNIFICANCE_LEVEL else pair.p_better > 0.5,
        matters=pair is None or metric.matters(medians[first], medians[level], pair.difference),
        diverged=sum(int(np.sum(~np.isfinite(values))) for values in runs),
        n_runs=sum(values.size for values in runs),
    )


def _runs(scores: Scores) -> np.ndarray:
    """Return the scores on fresh seeds [seed]; those of tuning [rate, seed] if all of tuning diverged."""
    return scores.values if len(scores.values) or scores.tuning is None else scores.tuning


def _level_means(scores: Sequence[Scores], name: str, greater: bool) -> dict[str, np.ndarray]:
    """Return the mean scores (2) [seed] of every level, in the order of the design.

    A mean is the worst value, infinite, on seeds on which a configuration diverged.
    """
    worst = -np.inf if greater else np.inf
    seeds = max(len(part.values) for part in scores)
    means: dict[str, np.ndarray] = {}
    for level in dict.fromkeys(part.configuration.levels[name] for part in scores):
        rows = [part.values for part in scores if part.configuration.levels[name] == level]
        table = np.array([row if len(row) else np.full(seeds, worst) for row in rows], np.float64)
        whole = np.isfinite(table).all(axis=0)
        means[level] = np.where(whole, np.where(whole, table, 0.0).mean(axis=0), worst)  # (2)
    return means


def _difference(pair: PairedComparison) -> PairedDifference:
    return PairedDifference(
        difference=pair.difference,
        interval=_ends(pair.interval),
        p_better=pair.p_better,
        p_value=pair.p_value,
    )


def _adjusted(pair: PairedComparison, p_holm: float) -> AdjustedDifference:
    return AdjustedDifference(**vars(_difference(pair)), p_holm=p_holm)


def _ends(interval: Interval | None) -> list[float | None] | None:
    return None if interval is None else [finite_or_none(end) for end in interval]
