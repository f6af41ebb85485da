"""The design of a comparison: which runs, all fixed before training.

tune      trials of every optimizer on tuning seeds: quasi-random rates, each under every schedule
extend    one decade more, for all, where some optimizer's best lies at an end of its range; at most twice
evaluate  the setting each optimizer and schedule was tuned to, on fresh seeds
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ravine.data import Dataset
from ravine.engines import Devices
from ravine.errors import UsageError
from ravine.execution.base_settings import NetworkSettings
from ravine.execution.effort import EFFORTS, Effort, batch_size_for, steps_for
from ravine.execution.training_spec import Recipe, check_moving, check_patience, recipe
from ravine.optimizers import Rule, resolve_all, schedule
from ravine.statistics import extension, points, rates
from ravine.studies.compare.settings import CompareSettings
from ravine.training import Plan, Runs, Shape, Streams, shape_for

__all__ = ["DECADES", "FRESH", "Design", "Trials", "design", "streams_for"]

DECADES = 4.0  # width of the range of rates searched, centred per rule
FRESH = 1_000  # evaluation seeds start here, tuning seeds at 0: they never meet
EXTENSIONS = 2


@dataclass(frozen=True)
class Trials:
    """Settings of one optimizer: `rate`, `schedule` (text) [trial], `hyper` {name: [trial]}."""

    rate: np.ndarray
    schedule: np.ndarray
    hyper: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.rate)

    def runs(self, recipe: Recipe, plan: Plan, seeds: Sequence[int]) -> Runs:
        """Return every trial on every seed, seeds varying fastest: run = trial * len(seeds) + seed."""
        count = len(seeds)
        return recipe.runs(
            plan,
            np.repeat(self.rate, count),
            np.repeat(self.schedule, count),
            np.tile(np.asarray(seeds), len(self)),
            {name: np.repeat(values, count) for name, values in self.hyper.items()},
        )

    def take(self, index: Sequence[int] | np.ndarray) -> Trials:
        """Return these trials only."""
        chosen = np.asarray(index, int)
        hyper = {name: values[chosen] for name, values in self.hyper.items()}
        return Trials(self.rate[chosen], self.schedule[chosen], hyper)

    def plus(self, other: Trials) -> Trials:
        """Return these trials and the others behind them."""
        hyper = {name: np.concatenate([self.hyper[name], other.hyper[name]]) for name in self.hyper}
        return Trials(
            np.concatenate([self.rate, other.rate]), np.concatenate([self.schedule, other.schedule]), hyper
        )


@dataclass(frozen=True)
class Design:
    """A comparison, fixed: plans by optimizer, trials, seeds."""

    settings: CompareSettings
    effort: Effort
    rules: tuple[Rule, ...]
    recipe: Recipe
    plans: dict[str, Plan]
    streams: Streams
    devices: Devices

    @property
    def tuning_seeds(self) -> list[int]:
        return list(range(self.effort.tuning_seeds))

    @property
    def seeds(self) -> list[int]:
        return list(range(FRESH, FRESH + (self.settings.seeds or self.effort.seeds)))

    @property
    def rate_count(self) -> int:
        """How many rates each optimizer is given; each is tried under every schedule."""
        return max(2, self.effort.trials // len(self.settings.schedules))

    @property
    def steps(self) -> int:
        return next(iter(self.plans.values())).steps

    @property
    def tuning_runs(self) -> int:
        """Runs of one optimizer's tuning."""
        return self.rate_count * len(self.settings.schedules) * len(self.tuning_seeds)

    @property
    def runs(self) -> int:
        """Runs of the whole comparison, should no range have to grow."""
        evaluation = len(self.settings.schedules) * len(self.seeds)
        return len(self.rules) * (self.tuning_runs + evaluation)

    @cached_property
    def shape(self) -> Shape:
        """One program shape for all stages, so that none compiles twice."""
        most_seeds = max(len(self.tuning_seeds), len(self.seeds))
        plan = next(iter(self.plans.values()))
        return shape_for(plan, self.streams, self.tuning_runs, most_seeds, self.devices)

    def range(self, rule: Rule, grown: Sequence[str] = ()) -> tuple[float, float]:
        """Return the lowest and highest rate of a rule after growing by a decade for each of `grown`."""
        low = rule.rate_centre * 10 ** (-DECADES / 2 - list(grown).count("low"))
        high = rule.rate_centre * 10 ** (DECADES / 2 + list(grown).count("high"))
        return low, high

    def trials(self, rule: Rule) -> Trials:
        """Return the first trials of a rule."""
        low, high = self.range(rule)
        seed = self.settings.seed
        if self.settings.track == "rate":
            return self._scheduled(rates(self.rate_count, low, high, seed), {})
        return self._full(rule, self.rate_count, low, high, seed)

    def extended(self, rule: Rule, grown: Sequence[str]) -> Trials:
        """Return the trials that the last of `grown` ("low" or "high") adds, all in the new decade."""
        side: Any = grown[-1]
        before, seed = self.range(rule, grown[:-1]), self.settings.seed
        if self.settings.track == "rate":
            count = self.rate_count + (len(grown) - 1) * self.added
            return self._scheduled(extension(count, *before, side, seed), {})
        low, high = self.range(rule, grown)
        low, high = (low, before[0]) if side == "low" else (before[1], high)
        return self._full(rule, self.added, low, high, seed + len(grown))

    @property
    def added(self) -> int:
        """How many rates one decade more adds: as dense as the first ones lie."""
        return max(1, round(self.rate_count / DECADES))

    def _full(self, rule: Rule, count: int, low: float, high: float, seed: int) -> Trials:
        """Rate and the rule's other numbers together; those marked so are searched in 1 - b."""
        ranges = {"rate": (low, high)} | {name: (each.low, each.high) for name, each in rule.tuned.items()}
        drawn = points(count, ranges, seed)
        hyper = {
            name: 1 - np.asarray(drawn[name]) if each.one_minus else np.asarray(drawn[name])
            for name, each in rule.tuned.items()
        }
        return self._scheduled(np.asarray(drawn["rate"]), hyper)

    def _scheduled(self, rate: np.ndarray, hyper: dict[str, np.ndarray]) -> Trials:
        schedules = np.array(self.settings.schedules)
        count = len(schedules)
        repeated = {name: np.repeat(values, count) for name, values in hyper.items()}
        return Trials(np.repeat(rate, count), np.tile(schedules, len(rate)), repeated)

    def document(self) -> dict[str, Any]:
        """Return plan.json: every run, with the rates that tuning is yet to choose left open."""
        streams = self.streams
        return {
            "effort": self.effort.name,
            "track": self.settings.track,
            "metric": next(iter(self.plans.values())).metric,
            "plans": {name: plan.describe() for name, plan in self.plans.items()},
            "runs": self.runs,
            "network_steps": self.runs * self.steps,
            "rows": {"train": streams.sizes[0], "validation": streams.sizes[1]},
            "tuning_seeds": self.tuning_seeds,
            "seeds": self.seeds,
            "tune": [
                {
                    "optimizer": rule.name,
                    "schedule": str(trials.schedule[k]),
                    "learning_rate": float(trials.rate[k]),
                    **{name: float(values[k]) for name, values in trials.hyper.items()},
                    "seeds": self.tuning_seeds,
                }
                for rule in self.rules
                for trials in [self.trials(rule)]
                for k in range(len(trials))
            ],
            "evaluate": [
                {"optimizer": rule.name, "schedule": each, "learning_rate": "as tuned", "seeds": self.seeds}
                for rule in self.rules
                for each in self.settings.schedules
            ],
        }


def streams_for(settings: NetworkSettings, dataset: Dataset) -> Streams:
    """Return the rows and batches of every seed."""
    probe = Streams(dataset, settings.seed, 1, settings.precision, settings.validation)
    size = settings.batch_size or batch_size_for(probe.sizes[0])
    return Streams(
        dataset, settings.seed, size, settings.precision, settings.validation, settings.scaling or "standard"
    )


def design(settings: CompareSettings, dataset: Dataset, devices: Devices, effort: str) -> Design:
    """Return the design of a comparison at an effort. Raises UsageError for what does not fit."""
    level = EFFORTS[effort]
    texts = [str(schedule(each)) for each in settings.schedules]  # one name for each schedule
    if len(set(texts)) < len(texts):
        raise UsageError("A schedule is named twice.", "", "Name it once.")
    settings = replace(settings, schedules=texts)
    streams = streams_for(settings, dataset)
    rules = resolve_all(settings.optimizers)
    steps = steps_for(level, streams.sizes[0], streams.batch_size, settings.epochs)
    made = recipe(settings, dataset)
    check_patience(settings)
    check_moving(made, rules)
    plans = {rule.name: made.plan(settings, dataset, rule, streams, steps) for rule in rules}
    return Design(settings, level, tuple(rules), made, plans, streams, devices)
