"""From tuned and evaluated runs to the leaderboard: one row an optimizer, under the schedule tuning chose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ravine.statistics import (
    at_edge,
    compare_all,
    interval,
    select,
    sensitivity,
    summarise_target,
    tiers,
    time_to_target,
    tuning_interval,
    width_decades,
)
from ravine.studies.compare.design import Trials

__all__ = ["UNBOUNDED", "Evaluated", "Tuned", "pairs", "rows", "schedules", "summary", "within"]

UNBOUNDED = (-np.inf, np.inf)


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

    def edge(self) -> str | None:
        """Return at which end the best rate lies, if at one: of its range, or of the rates tried in it."""
        best = self.best()
        if best is None:
            return None
        rate = float(self.trials.rate[best])
        # quasi-random rates stop short of the ends: beyond the last one tried nothing is known
        ends = {float(self.trials.rate.min()): "low", float(self.trials.rate.max()): "high"}
        return at_edge(rate, *self.range) or (ends.get(rate) if len(ends) > 1 else None)


@dataclass(frozen=True)
class Evaluated:
    """Fresh seeds of one trial of one optimizer: `scores` [seed], validation `curves` [seed, time]."""

    trial: int
    scores: np.ndarray
    curves: np.ndarray


Results = Mapping[str, Mapping[str, Evaluated]]  # by optimizer, by schedule


def rows(
    tuned: Mapping[str, Tuned],
    evaluated: Results,
    reference: str,
    stride: int,
    step_seconds: Mapping[str, float],
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Return the leaderboard, best first, as plain values; `reference` sets the target score.

    `stride`: steps between the points of a curve. `step_seconds`: seconds of one network step by optimizer.
    """
    chosen = {name: _chosen(tuned[name], each) for name, each in evaluated.items()}
    ran = {name: each[name_] for name, each in evaluated.items() if (name_ := chosen[name]) is not None}
    greater = next(iter(tuned.values())).greater_is_better
    order = tiers({name: each.scores for name, each in ran.items()}, greater, seed=seed) if ran else {}
    goal = _target(ran.get(reference), greater)
    table = [
        _row(name, tuned[name], str(chosen[name]), ran[name], tier, goal, stride, step_seconds, seed)
        for name, tier in order.items()
    ]
    return table + [
        _failed(name, tuned[name], max(order.values(), default=0) + 1) for name in tuned if name not in order
    ]


def _chosen(tuned: Tuned, evaluated: Mapping[str, Evaluated]) -> str | None:
    """The schedule that tuning, not evaluation, found better."""
    best = tuned.best()
    return next((name for name, each in evaluated.items() if each.trial == best), None)


def _row(
    name: str,
    tuned: Tuned,
    schedule: str,
    run: Evaluated,
    tier: int,
    goal: float | None,
    stride: int,
    step_seconds: Mapping[str, float],
    seed: int,
) -> dict[str, Any]:
    greater, trial = tuned.greater_is_better, run.trial
    whole = bool(np.isfinite(run.scores).all())
    reached: dict[str, float | None] = {
        "reached_target": None,
        "steps_to_target": None,
        "seconds_to_target": None,
    }
    if goal is not None:
        first = time_to_target(run.curves, goal, greater)
        found = summarise_target(first, stride * (1 + np.arange(run.curves.shape[1])))
        reached = {
            "reached_target": found.reached,
            "steps_to_target": found.median,
            "seconds_to_target": None,
        }
        if found.median is not None and name in step_seconds:
            reached["seconds_to_target"] = found.median * step_seconds[name]
    return {
        "optimizer": name,
        "learning_rate": float(tuned.trials.rate[trial]),
        "hyperparameters": {key: float(values[trial]) for key, values in tuned.trials.hyper.items()},
        "schedule": schedule,
        **summary(run.scores, greater, seed, tuned.bounds),
        "tuning_interval": within(
            tuning_interval(tuned.scores, run.scores, greater, seed=seed), run.scores, tuned.bounds
        )
        if whole
        else None,
        "tier": tier,
        **reached,
        "at_edge": tuned.edge() or False,
        **_sensitivity(tuned, str(tuned.trials.schedule[trial])),
    }


def summary(
    scores: np.ndarray, greater: bool, seed: int = 0, bounds: tuple[float, float] = UNBOUNDED
) -> dict[str, Any]:
    """Return mean, median, sd, interval, n_seeds, diverged and the values of scores [seed].

    A diverged run leaves no mean: it is not filled in. It counts as the worst in the median. `bounds`: those
    of the metric.
    """
    finite = np.isfinite(scores)
    whole = bool(finite.all())
    median = float(np.median(np.where(finite, scores, -np.inf if greater else np.inf)))
    return {
        "mean": float(np.mean(scores)) if whole else None,
        "median": median if np.isfinite(median) else None,
        "sd": float(np.std(scores, ddof=1)) if whole and len(scores) > 1 else None,
        "interval": within(interval(scores, seed=seed), scores, bounds) if whole else None,
        "n_seeds": len(scores),
        "diverged": int(np.sum(~finite)),
        "values": [float(each) if ok else None for each, ok in zip(scores, finite, strict=True)],
    }


def _failed(name: str, tuned: Tuned, tier: int) -> dict[str, Any]:
    """An optimizer all of whose tuning runs diverged: it has no setting to evaluate."""
    nothing = ("learning_rate", "schedule", "mean", "median", "sd", "interval", "tuning_interval")
    return {
        "optimizer": name,
        **dict.fromkeys(nothing),
        "hyperparameters": {},
        "tier": tier,
        "n_seeds": 0,
        "diverged": tuned.scores.size,
        "steps_to_target": None,
        "seconds_to_target": None,
        "reached_target": 0.0,
        "at_edge": False,
        "values": [],
        **_sensitivity(tuned, str(tuned.trials.schedule[0])),
    }


def _target(reference: Evaluated | None, greater: bool) -> float | None:
    """The median over seeds of the reference rule's best validation value."""
    if reference is None:
        return None
    curves = np.where(np.isfinite(reference.curves), reference.curves, -np.inf if greater else np.inf)
    best = np.median(curves.max(axis=1) if greater else curves.min(axis=1))
    return float(best) if np.isfinite(best) else None


def _sensitivity(tuned: Tuned, schedule: str) -> dict[str, Any]:
    """Score against rate under the chosen schedule, and the width of the good region in decades."""
    mine = tuned.trials.schedule == schedule
    seen = sensitivity(tuned.trials.rate[mine], tuned.scores[mine], tuned.greater_is_better)
    numbers = {
        "learning_rate": seen.rates,
        "score": seen.median,
        "lower": seen.lower,
        "upper": seen.upper,
        "diverged": seen.diverged,
    }
    return {
        "sensitivity": {key: [_finite(each) for each in values] for key, values in numbers.items()},
        "sensitivity_width": width_decades(seen.rates, seen.median, tuned.greater_is_better),
    }


def pairs(table: Sequence[Mapping[str, Any]], greater: bool, seed: int = 0) -> list[dict[str, Any]]:
    """Return the paired comparison of every two optimizers of a leaderboard that were evaluated."""
    values = {
        row["optimizer"]: np.array([np.nan if each is None else each for each in row["values"]])
        for row in table
        if row["values"]
    }
    return [
        {
            "a": each.a,
            "b": each.b,
            "difference": each.paired.difference,
            "interval": _plain(each.paired.interval),
            "p_better": each.paired.p_better,
            "p_value": each.paired.p_value,
            "p_holm": each.p_holm,
        }
        for each in compare_all(values, greater, seed=seed)
    ]


def schedules(tuned: Mapping[str, Tuned], evaluated: Results, seed: int = 0) -> list[dict[str, Any]]:
    """Return every optimizer under every schedule, each at its own tuned rate."""
    return [
        {
            "optimizer": name,
            "schedule": schedule,
            "learning_rate": float(tuned[name].trials.rate[run.trial]),
            **summary(run.scores, tuned[name].greater_is_better, seed, tuned[name].bounds),
        }
        for name, each in evaluated.items()
        for schedule, run in each.items()
    ]


def within(pair: Any, scores: np.ndarray, bounds: tuple[float, float]) -> list[float | None] | None:
    """Return an interval cut where its score cannot lie: no accuracy is 104 %.

    What is cut off holds no possible value, so it covers as often. Negative weights leave the bounds: there
    nothing is cut.
    """
    low, high = bounds
    if pair is None or np.min(scores) < low or np.max(scores) > high:
        return _plain(pair)
    return _plain([min(max(each, low), high) for each in pair])


def _plain(pair: Any) -> list[float | None] | None:
    return None if pair is None else [_finite(each) for each in pair]


def _finite(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None
