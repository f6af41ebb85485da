"""From tuned and evaluated runs to the leaderboard: one row an optimizer, under the schedule tuning chose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ravine.execution.result import values_of
from ravine.execution.score_summary import UNBOUNDED, clipped, finite_or_none, score_summary
from ravine.statistics import (
    at_edge,
    compare_pairs,
    select,
    sensitivity,
    summarize_target,
    tiers,
    time_to_target,
    tuning_interval,
    width_decades,
)
from ravine.studies.compare.design import Trials
from ravine.studies.compare.result import LeaderboardRow, Pair, RateSensitivity, ScheduleScores

__all__ = ["Evaluated", "Tuned", "leaderboard_rows", "pairs_of", "scores_by_schedule"]


@dataclass(frozen=True)
class Tuned:
    """The tuning of one optimizer: its trials, their scores [trial, seed], and the range searched.

    bounds: those of the metric.
    """

    trials: Trials
    scores: np.ndarray
    range: tuple[float, float]
    greater_is_better: bool
    bounds: tuple[float, float] = UNBOUNDED

    def best(self, schedule: str | None = None) -> int | None:
        """Return the trial with the best median, of one schedule or of all; None if all runs diverged."""
        index = np.arange(len(self.trials))
        if schedule is not None:
            index = index[self.trials.schedule == schedule]
        chosen = select(self.scores[index], self.greater_is_better)
        return None if chosen is None else int(index[chosen])

    def edge(self) -> Literal["low", "high"] | None:
        """Return the end of its range, or of the rates tried, at which the best rate lies, or None."""
        best = self.best()
        if best is None:
            return None
        rate = float(self.trials.rate[best])
        lowest, highest = float(self.trials.rate.min()), float(self.trials.rate.max())
        if side := at_edge(rate, *self.range):
            return side
        # quasi-random rates stop short of the ends: beyond the last one tried nothing is known
        if lowest == highest or rate not in (lowest, highest):
            return None
        return "low" if rate == lowest else "high"


@dataclass(frozen=True)
class Evaluated:
    """Fresh seeds of one trial of one optimizer: `scores` [seed], validation `curves` [seed, time]."""

    trial: int
    scores: np.ndarray
    curves: np.ndarray


Evaluations = Mapping[str, Mapping[str, Evaluated]]
"""By optimizer, by schedule."""


def leaderboard_rows(
    tuned: Mapping[str, Tuned],
    evaluated: Evaluations,
    reference: str,
    stride: int,
    step_seconds: Mapping[str, float],
    seed: int = 0,
) -> list[LeaderboardRow]:
    """Return the leaderboard, best first.

    reference: the optimizer that sets the target score. stride: steps between the points of a curve.
    step_seconds: seconds of one network step by optimizer.
    """
    chosen = {name: _chosen(tuned[name], by_schedule) for name, by_schedule in evaluated.items()}
    ran = {name: run for name, run in chosen.items() if run is not None}
    greater = next(iter(tuned.values())).greater_is_better
    order = tiers({name: run.scores for name, run in ran.items()}, greater, seed=seed) if ran else {}
    goal = _target(ran.get(reference), greater)
    rows = [
        _row(
            name, tuned[name], ran[name], tier, _to_target(ran[name], goal, greater, stride),
            step_seconds.get(name), seed,
        )
        for name, tier in order.items()
    ]  # fmt: skip
    last = max(order.values(), default=0) + 1
    return rows + [_failed_row(name, tuned[name], last) for name in tuned if name not in order]


def _chosen(tuned: Tuned, evaluated: Mapping[str, Evaluated]) -> Evaluated | None:
    """Return the evaluation under the schedule that tuning, not evaluation, found better."""
    best = tuned.best()
    return next((run for run in evaluated.values() if run.trial == best), None)


def _row(
    name: str,
    tuned: Tuned,
    run: Evaluated,
    tier: int,
    to_target: tuple[float, float | None] | None,
    step_seconds: float | None,
    seed: int,
) -> LeaderboardRow:
    greater, trial = tuned.greater_is_better, run.trial
    whole = bool(np.isfinite(run.scores).all())
    both = tuning_interval(tuned.scores, run.scores, greater, seed=seed) if whole else None
    schedule = str(tuned.trials.schedule[trial])
    reached, steps = (None, None) if to_target is None else to_target
    curve, width = _sensitivity(tuned, schedule)
    return LeaderboardRow(
        optimizer=name,
        learning_rate=float(tuned.trials.rate[trial]),
        hyperparameters={key: float(values[trial]) for key, values in tuned.trials.hyper.items()},
        schedule=schedule,
        **values_of(score_summary(run.scores, greater, seed, tuned.bounds)),
        tuning_interval=clipped(both, run.scores, tuned.bounds),
        tier=tier,
        reached_target=reached,
        steps_to_target=steps,
        seconds_to_target=None if steps is None or step_seconds is None else steps * step_seconds,
        at_edge=tuned.edge() or False,
        sensitivity=curve,
        sensitivity_width=width,
    )


def _failed_row(name: str, tuned: Tuned, tier: int) -> LeaderboardRow:
    """Return the row of an optimizer all of whose tuning runs diverged: it has no setting to evaluate."""
    curve, width = _sensitivity(tuned, str(tuned.trials.schedule[0]))
    return LeaderboardRow(
        optimizer=name,
        learning_rate=None,
        hyperparameters={},
        schedule=None,
        mean=None,
        median=None,
        sd=None,
        interval=None,
        n_seeds=0,
        diverged=tuned.scores.size,
        values=[],
        tuning_interval=None,
        tier=tier,
        reached_target=0.0,
        steps_to_target=None,
        seconds_to_target=None,
        at_edge=False,
        sensitivity=curve,
        sensitivity_width=width,
    )


def _target(reference: Evaluated | None, greater: bool) -> float | None:
    """Return the median over seeds of the reference rule's best validation score."""
    if reference is None:
        return None
    curves = np.where(np.isfinite(reference.curves), reference.curves, -np.inf if greater else np.inf)
    best = np.median(curves.max(axis=1) if greater else curves.min(axis=1))
    return finite_or_none(best)


def _to_target(
    run: Evaluated, goal: float | None, greater: bool, stride: int
) -> tuple[float, float | None] | None:
    """Return the share of seeds that reached the target and the median steps; None without a target."""
    if goal is None:
        return None
    first = time_to_target(run.curves, goal, greater)
    found = summarize_target(first, stride * (1 + np.arange(run.curves.shape[1])))
    return found.reached, found.median


def _sensitivity(tuned: Tuned, schedule: str) -> tuple[RateSensitivity, float | None]:
    """Return score against rate under a schedule, and the width of the good region in decades."""
    mine = tuned.trials.schedule == schedule
    found = sensitivity(tuned.trials.rate[mine], tuned.scores[mine], tuned.greater_is_better)
    curve = RateSensitivity(
        learning_rate=_plain(found.rates),
        score=_plain(found.median),
        lower=_plain(found.lower),
        upper=_plain(found.upper),
        diverged=_plain(found.diverged),
    )
    return curve, width_decades(found.rates, found.median, tuned.greater_is_better)


def pairs_of(rows: Sequence[LeaderboardRow], greater: bool, seed: int = 0) -> list[Pair]:
    """Return the paired comparison of every two optimizers of a leaderboard that were evaluated."""
    values = {row.optimizer: np.array(row.values, np.float64) for row in rows if row.values}  # None is NaN
    return [
        Pair(
            a=pair.a,
            b=pair.b,
            difference=pair.comparison.difference,
            interval=None if pair.comparison.interval is None else _plain(pair.comparison.interval),
            p_better=pair.comparison.p_better,
            p_value=pair.comparison.p_value,
            p_holm=pair.p_holm,
        )
        for pair in compare_pairs(values, greater, seed=seed)
    ]


def scores_by_schedule(
    tuned: Mapping[str, Tuned], evaluated: Evaluations, seed: int = 0
) -> list[ScheduleScores]:
    """Return every optimizer under every schedule, each at its own tuned rate."""
    return [
        ScheduleScores(
            optimizer=name,
            schedule=schedule,
            learning_rate=float(tuned[name].trials.rate[run.trial]),
            **values_of(score_summary(run.scores, tuned[name].greater_is_better, seed, tuned[name].bounds)),
        )
        for name, by_schedule in evaluated.items()
        for schedule, run in by_schedule.items()
    ]


def _plain(values: Sequence[float] | np.ndarray) -> list[float | None]:
    return [finite_or_none(value) for value in values]
