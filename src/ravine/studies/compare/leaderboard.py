"""The leaderboard of a comparison: one row for each optimizer, at its tuned learning rate and schedule.

The rows are ordered by the median of the validation scores over the fresh seeds. Optimizers whose tuning runs
all diverged have no such scores and come last. Tiers and paired differences of optimizers rest on ranks of
the same scores (`ravine.statistics.tiers`, `ravine.statistics.paired_tests`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ravine.execution.constant_score import ConstantScores, failed_count
from ravine.execution.length_advice import LossTrend
from ravine.execution.result_parts import values_of
from ravine.execution.score_summary import UNBOUNDED, clipped, finite_or_none, score_summary
from ravine.statistics import (
    at_edge,
    compare_pairs,
    rank_names,
    select,
    sensitivity,
    summarize_target,
    tiers,
    time_to_target,
    tuning_interval,
    width_decades,
)
from ravine.studies.compare.result import LeaderboardRow, Pair, RateSensitivity, ScheduleScores
from ravine.studies.compare.trials import Trials

__all__ = ["Evaluated", "Tuned", "leaderboard_rows", "pairs_of", "scores_by_schedule", "target_score"]


@dataclass(frozen=True)
class Tuned:
    """The tuning of one optimizer: its trials and their validation scores.

    trials: the learning rates, schedules and other hyperparameters tried. scores: validation scores [trial,
    seed] on the tuning seeds. range: lowest and highest learning rate of the range that the trials are drawn
    from. greater_is_better: whether a greater score is better. bounds: smallest and largest possible value of
    the metric.
    """

    trials: Trials
    scores: np.ndarray
    range: tuple[float, float]
    greater_is_better: bool
    bounds: tuple[float, float] = UNBOUNDED

    def best(self, schedule: str | None = None) -> int | None:
        """Return the index of the trial with the best median score over the tuning seeds.

        schedule: learning-rate schedule of the trials to choose from; None chooses from all trials. Returns
        None if all runs of these trials diverged.
        """
        index = np.arange(len(self.trials))
        if schedule is not None:
            index = index[self.trials.schedule == schedule]
        chosen = select(self.scores[index], self.greater_is_better)
        return None if chosen is None else int(index[chosen])

    def range_end(self) -> Literal["low", "high"] | None:
        """Return "low" or "high" if the best learning rate of the optimizer lies at this end of its range.

        A better learning rate may then lie outside the range. An end is the outer tenth of the range on the
        logarithmic scale, or the lowest or highest learning rate tried. Returns None for a best learning rate
        inside the range, and if all runs diverged.
        """
        best = self.best()
        if best is None:
            return None
        rate = float(self.trials.rate[best])
        lowest, highest = float(self.trials.rate.min()), float(self.trials.rate.max())
        if side := at_edge(rate, *self.range):
            return side
        # quasi-random rates do not reach the ends; the lowest and the highest one tried count as ends
        if lowest == highest or rate not in (lowest, highest):
            return None
        return "low" if rate == lowest else "high"


@dataclass(frozen=True)
class Evaluated:
    """The evaluation of one trial of an optimizer: its validation scores on fresh seeds.

    trial: index of the trial in the tuning. scores: final validation scores [seed]. curves: validation scores
    during training [seed, time]. losses: final validation losses [seed], None if not known. trend: trend of
    the validation loss at the end of training, None if most runs diverged or stopped early.
    """

    trial: int
    scores: np.ndarray
    curves: np.ndarray
    losses: np.ndarray | None = None
    trend: LossTrend | None = None


Evaluations = Mapping[str, Mapping[str, Evaluated]]
"""Runs on fresh seeds by optimizer and schedule."""


def leaderboard_rows(
    tuned: Mapping[str, Tuned],
    evaluated: Evaluations,
    target: float | None,
    steps_per_point: int,
    step_seconds: Mapping[str, float],
    constants: ConstantScores | None = None,
    seed: int = 0,
) -> list[LeaderboardRow]:
    """Return the rows of the leaderboard of a comparison of optimizers, best median first.

    Optimizers whose tuning runs all diverged come last. tuned: tuning of each optimizer, by name. evaluated:
    runs on fresh seeds by optimizer and schedule. target: target score; each row states how many steps the
    optimizer needs to reach it; None without a target. steps_per_point: training steps between two points of
    a learning curve. step_seconds: seconds of one step of one network, by optimizer. constants: scores and
    losses of a constant prediction on the same seeds, None if they are not known. seed: random seed of
    bootstrap and shuffles.
    """
    chosen = {name: _chosen(tuned[name], by_schedule) for name, by_schedule in evaluated.items()}
    finished = {name: run for name, run in chosen.items() if run is not None}
    scores = {name: run.scores for name, run in finished.items()}
    greater = next(iter(tuned.values())).greater_is_better
    tier_of = tiers(scores, greater, seed=seed) if scores else {}
    rows = [
        _row(
            name, tuned[name], finished[name], tier_of[name],
            _to_target(finished[name], target, greater, steps_per_point), step_seconds.get(name), constants,
            seed,
        )
        for name in (rank_names(scores, greater) if scores else ())
    ]  # fmt: skip
    last = max(tier_of.values(), default=0) + 1
    return rows + [_failed_row(name, tuned[name], last) for name in tuned if name not in tier_of]


def target_score(tuned: Tuned, evaluated: Mapping[str, Evaluated] | None) -> float | None:
    """Return the target score, by which a comparison times how fast optimizers train.

    It is the median over seeds of the best validation score that the reference optimizer reaches during
    training. Of an even number of seeds, the median is the worse one of the two middle scores, so that the
    reference reaches it on more than half of its seeds. tuned: tuning of the reference optimizer. evaluated:
    its runs on fresh seeds, by schedule; None if it has no such runs. Returns None without such runs, and if
    at least half of them diverged before their first evaluation.
    """
    run = None if evaluated is None else _chosen(tuned, evaluated)
    if run is None:
        return None
    greater = tuned.greater_is_better
    curves = np.where(np.isfinite(run.curves), run.curves, -np.inf if greater else np.inf)
    best = np.sort(curves.max(axis=1) if greater else -curves.min(axis=1))
    middle = best[(len(best) - 1) // 2]
    return finite_or_none(middle if greater else -middle)


def _chosen(tuned: Tuned, evaluated: Mapping[str, Evaluated]) -> Evaluated | None:
    """Return the evaluation of an optimizer under the schedule that was best in tuning."""
    best = tuned.best()
    return next((run for run in evaluated.values() if run.trial == best), None)


def _row(
    name: str,
    tuned: Tuned,
    run: Evaluated,
    tier: int,
    to_target: tuple[float, float | None] | None,
    step_seconds: float | None,
    constants: ConstantScores | None,
    seed: int,
) -> LeaderboardRow:
    greater, trial = tuned.greater_is_better, run.trial
    whole = bool(np.isfinite(run.scores).all())
    tuned_interval = (
        tuning_interval(tuned.scores, run.scores, greater, "median", seed=seed) if whole else None
    )
    schedule = str(tuned.trials.schedule[trial])
    reached, steps = (None, None) if to_target is None else to_target
    curve, width = _sensitivity(tuned, schedule)
    return LeaderboardRow(
        optimizer=name,
        learning_rate=float(tuned.trials.rate[trial]),
        hyperparameters={key: float(values[trial]) for key, values in tuned.trials.hyper.items()},
        schedule=schedule,
        **values_of(score_summary(run.scores, greater, seed, tuned.bounds)),
        tuning_interval=clipped(tuned_interval, run.scores, tuned.bounds),
        tier=tier,
        reached_target=reached,
        steps_to_target=steps,
        seconds_to_target=None if steps is None or step_seconds is None else steps * step_seconds,
        at_edge=tuned.range_end() or False,
        sensitivity=curve,
        sensitivity_width=width,
        failed=failed_count(run.scores, run.losses, constants, greater),
        constant=None if constants is None else finite_or_none(np.median(constants.scores)),
        trend=run.trend,
    )


def _failed_row(name: str, tuned: Tuned, tier: int) -> LeaderboardRow:
    """Return the row of an optimizer that was not evaluated because all its tuning runs diverged."""
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
        failed=tuned.scores.size,
    )


def _to_target(
    run: Evaluated, target: float | None, greater: bool, steps_per_point: int
) -> tuple[float, float | None] | None:
    """Return the share of seeds that reached the target score, and the median number of steps.

    None if there is no target.
    """
    if target is None:
        return None
    first = time_to_target(run.curves, target, greater)
    summary = summarize_target(first, steps_per_point * (1 + np.arange(run.curves.shape[1])))
    return summary.reached, summary.median


def _sensitivity(tuned: Tuned, schedule: str) -> tuple[RateSensitivity, float | None]:
    """Return score against learning rate under a schedule, and the width of the good range in decades."""
    of_schedule = tuned.trials.schedule == schedule
    rates = sensitivity(tuned.trials.rate[of_schedule], tuned.scores[of_schedule], tuned.greater_is_better)
    curve = RateSensitivity(
        learning_rate=_plain(rates.rates),
        score=_plain(rates.median),
        lower=_plain(rates.lower),
        upper=_plain(rates.upper),
        diverged=_plain(rates.diverged),
    )
    return curve, width_decades(rates.rates, rates.median, tuned.greater_is_better)


def pairs_of(rows: Sequence[LeaderboardRow], greater: bool) -> list[Pair]:
    """Return the comparison of every two optimizers of a leaderboard: difference, interval and p values.

    The scores are compared seed by seed, on the same fresh seeds. Optimizers without such scores are left
    out. rows: the leaderboard. greater: whether a greater score is better.
    """
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
        for pair in compare_pairs(values, greater)
    ]


def scores_by_schedule(
    tuned: Mapping[str, Tuned], evaluated: Evaluations, seed: int = 0
) -> list[ScheduleScores]:
    """Return validation scores on fresh seeds, one row for each optimizer and each learning-rate schedule.

    Each row uses the learning rate that was tuned for this optimizer and this schedule. tuned: tuning of each
    optimizer, by name. evaluated: runs on fresh seeds by optimizer and schedule. seed: random seed of the
    bootstrap.
    """
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
