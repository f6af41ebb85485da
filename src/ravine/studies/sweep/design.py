"""The design of a sweep: every setting, its plan and rates, all fixed before training.

tune      a grid of rates for every setting, on tuning seeds; nothing where the rate is given or varied
extend    a decade more, for all, where some best rate lies at an end of the grid; at most twice
evaluate  every setting at its rate, all on the same fresh seeds
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ravine.data import Dataset
from ravine.engines import Devices
from ravine.execution.effort import EFFORTS, Effort, step_seconds, steps_for
from ravine.studies.compare.choose_effort import COMPILING, STARTING
from ravine.studies.compare.design import FRESH, streams_for
from ravine.studies.sweep.configurations import Variant, variants
from ravine.studies.sweep.factors import Factor, read_factors
from ravine.studies.sweep.settings import SweepSettings
from ravine.training import Cohort, Plan, Runs, Shape, Streams, shape_for

__all__ = ["EXTENSIONS", "Place", "Sweep", "sweep_design"]

DECADES = 3.0  # width of the grid of rates, centred per rule
TRIED = {"quick": 6, "standard": 8, "thorough": 13}  # rates of the grid, both ends among them
EXTENSIONS = 2


@dataclass(frozen=True)
class Place:
    """A setting in the design. rate: None where it is tuned."""

    index: int
    variant: Variant
    plan: Plan
    streams: Streams
    rate: float | None

    @property
    def epochs(self) -> float:
        """Passes over the training rows."""
        return self.plan.steps * self.plan.batch_size / self.streams.sizes[0]


@dataclass(frozen=True)
class Sweep:
    """A sweep, fixed. groups: settings that share a cohort, by a name for each."""

    settings: SweepSettings
    effort: Effort
    factors: tuple[Factor, ...]
    places: tuple[Place, ...]
    groups: dict[str, list[Place]]
    devices: Devices

    @property
    def grid(self) -> bool:
        """Whether every level meets every other."""
        return self.settings.random is None

    @property
    def tuning_seeds(self) -> list[int]:
        return list(range(self.effort.tuning_seeds))

    @property
    def seeds(self) -> list[int]:
        return list(range(FRESH, FRESH + (self.settings.seeds or self.effort.seeds)))

    @property
    def shares(self) -> np.ndarray:
        """Decades of the rates tried, from the rule's centre."""
        return np.linspace(-DECADES / 2, DECADES / 2, TRIED[self.effort.name])

    def more(self, grown: Sequence[str]) -> np.ndarray:
        """Return the decades that the last of `grown` ("low" or "high") adds."""
        step = DECADES / (TRIED[self.effort.name] - 1)
        count = int(np.ceil(1 / step))
        before = list(grown[:-1]).count(grown[-1]) * count
        added = DECADES / 2 + step * (before + 1 + np.arange(count))
        return added if grown[-1] == "high" else -added[::-1]

    def tuning_steps(self, rates: int) -> int:
        """Return the network steps of tuning with that many rates a setting."""
        open_ = sum(place.plan.steps for place in self.places if place.rate is None)
        return open_ * rates * len(self.tuning_seeds)

    @property
    def tuning_runs(self) -> int:
        tuned = sum(place.rate is None for place in self.places)
        return tuned * len(self.shares) * len(self.tuning_seeds)

    @property
    def runs(self) -> int:
        """Runs in all, should no grid of rates have to grow."""
        return self.tuning_runs + len(self.places) * len(self.seeds)

    @property
    def network_steps(self) -> int:
        evaluation = sum(place.plan.steps for place in self.places) * len(self.seeds)
        return self.tuning_steps(len(self.shares)) + evaluation

    @property
    def programs(self) -> int:
        """How many programs are compiled."""
        return len({place.plan for place in self.places})

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """The shape of every group, one for all stages, so that none compiles twice."""
        trials, seeds = len(self.shares) * len(self.tuning_seeds), len(self.seeds)
        found = {}
        for name, group in self.groups.items():
            most = max(trials * any(place.rate is None for place in group), seeds)
            both = max(seeds, len(self.tuning_seeds))
            found[name] = shape_for(group[0].plan, group[0].streams, most * len(group), both, self.devices)
        return found

    def cohort(
        self, places: Sequence[Place], rates: Mapping[int, np.ndarray], seeds: Sequence[int], keep: bool
    ) -> Cohort:
        """Return every setting at each of its rates on every seed, seeds varying fastest."""
        names = sorted({name for place in places for name in place.variant.hyper})
        parts = []
        for place in places:
            tried, count = rates[place.index], len(rates[place.index]) * len(seeds)
            hyper = {**place.plan.rule.defaults, **place.variant.hyper}
            parts.append(
                place.variant.recipe.runs(
                    place.plan,
                    np.repeat(tried, len(seeds)),
                    np.full(count, place.variant.settings.schedule),
                    np.tile(np.asarray(seeds), len(tried)),
                    {name: np.full(count, hyper[name], float) for name in names},
                )
            )
        first = places[0]
        return Cohort(first.plan, Runs.together(parts), first.streams, first.variant.recipe.initial, keep)

    def seconds(self) -> float:
        """Return the estimated seconds on these devices, from a short measurement."""
        each = {place.plan: 0 for place in self.places}
        for place in self.places:
            tried = len(self.shares) * len(self.tuning_seeds) * (place.rate is None)
            each[place.plan] += (tried + len(self.seeds)) * place.plan.steps
        training = sum(
            steps * step_seconds(plan.network, plan.batch_size, self.devices.count)
            for plan, steps in each.items()
        )
        return STARTING + COMPILING * len(each) / min(2, self.devices.count) + training

    def document(self) -> dict[str, Any]:
        """Return plan.json: every setting, with the rates that tuning is yet to choose left open."""
        first = self.places[0]
        train, validation = first.streams.sizes
        return {
            "effort": self.effort.name,
            "metric": first.plan.metric,
            "design": "grid" if self.grid else "random",
            "factors": [factor.describe() for factor in self.factors],
            "settings": [
                {
                    "setting": place.variant.label,
                    "levels": dict(place.variant.levels),
                    "optimizer": place.variant.settings.optimizer,
                    "learning_rate": "tuned" if place.rate is None else place.rate,
                    "schedule": place.variant.settings.schedule,
                    "numbers": {name: str(value) for name, value in place.variant.recipe.numbers.items()},
                    "program": name,
                }
                for name, group in self.groups.items()
                for place in group
            ],
            "plans": {name: group[0].plan.describe() for name, group in self.groups.items()},
            "rates": [float(10**share) for share in self.shares] if self.tuning_runs else None,
            "runs": self.runs,
            "network_steps": self.network_steps,
            "programs": self.programs,
            "rows": {"train": train, "validation": validation},
            "tuning_seeds": self.tuning_seeds,
            "seeds": self.seeds,
        }


def sweep_design(settings: SweepSettings, dataset: Dataset, devices: Devices) -> Sweep:
    """Return the design of a sweep. Raises UsageError for what cannot be varied, or does not fit."""
    factors = read_factors(settings.vary)
    level = EFFORTS[settings.effort]
    usual = streams_for(settings, dataset)
    streams: dict[int | None, Streams] = {settings.batch_size: usual}
    # one number of epochs for all, whatever their batch sizes
    steps = steps_for(level, usual.sizes[0], usual.batch_size, settings.epochs)
    epochs = settings.epochs or steps * usual.batch_size / usual.sizes[0]
    places = []
    for index, variant in enumerate(variants(settings, factors, dataset)):
        size = variant.settings.batch_size
        if size not in streams:
            streams[size] = streams_for(variant.settings, dataset)
        rows = streams[size]
        steps = steps_for(level, rows.sizes[0], rows.batch_size, variant.settings.epochs or epochs)
        plan = variant.recipe.plan(variant.settings, dataset, variant.rule, rows, steps)
        places.append(Place(index, variant, plan, rows, variant.settings.rate))
    groups: dict[Any, list[Place]] = {}
    for place in places:
        groups.setdefault((place.plan, place.variant.recipe.initial), []).append(place)
    named = {f"program {k}": group for k, group in enumerate(groups.values(), 1)}
    return Sweep(settings, level, factors, tuple(places), named, devices)
