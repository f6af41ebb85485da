"""The design of a sweep: all configurations, trainings and learning rates, fixed before training.

A sweep has three stages:

    tune      a grid of learning rates for every configuration, on tuning seeds; left out if the settings fix
              or vary the learning rate
    extend    at least one more decade of learning rates at one end of the grid, for all configurations, if
              the best learning rate of at least one configuration lies at this end; this stage occurs at most
              twice
    evaluate  every configuration at its best learning rate, all on the same fresh seeds (not used in tuning)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import msgspec
import numpy as np

from ravine.data import Dataset
from ravine.data.metric_checks import check_metric_defined
from ravine.engines import Devices
from ravine.execution import seeds as seed_ranges
from ravine.execution.choose_effort import choose_effort, with_chosen_effort
from ravine.execution.effort import COMPARE, SearchEffort, efforts_between
from ravine.execution.length_advice import rounding_notes
from ravine.execution.prepared_training import batches_for
from ravine.execution.result import Plain
from ravine.execution.result_parts import DevelopmentSizes
from ravine.execution.run_files import data_facts
from ravine.execution.training_time import Training, estimated_seconds
from ravine.networks import METRICS, Metric
from ravine.render.numbers import count
from ravine.studies.sweep.configurations import Configuration, check_names, configurations
from ravine.studies.sweep.factors import Factor, read_factors
from ravine.studies.sweep.result import (
    DesignFacts,
    FactorFacts,
    PlannedConfiguration,
    PlannedSweep,
    SweepPlan,
)
from ravine.studies.sweep.settings import SweepSettings
from ravine.training import Batches, Cohort, Plan, ProgramShape, Runs, shape_for, shape_of_repeated_seeds
from ravine.user_code.code_text import short_code

__all__ = ["DesignPoint", "SweepDesign", "check_settings", "design", "plan"]

check_settings = check_names  # before the data are read

RANGE_DECADES = 3.0  # width of the grid of learning rates around the optimizer's usual one
TUNED = "tuned"
EXTENSIONS = 0.5  # extensions of the range of learning rates that the estimated time includes
USUAL_EFFORT = "quick"
MAX_NOTES = 3  # on rounded epochs, where the configurations differ in length


@dataclass(frozen=True)
class DesignPoint:
    """One configuration of a sweep, prepared for training.

    index: place of the configuration in the design, from 0. plan: the compiled part of its training. batches:
    its rows of every seed. learning_rate: learning rate that the settings fix; None if it is tuned.
    """

    index: int
    configuration: Configuration
    plan: Plan
    batches: Batches
    learning_rate: float | None

    @property
    def epochs(self) -> float:
        """Number of passes of one run of this configuration over its training rows (epochs)."""
        return self.plan.steps * self.plan.batch_size / self.batches.sizes[0]


@dataclass(frozen=True)
class SweepDesign:
    """The design of one sweep: all configurations with their trainings, seeds and learning rates.

    points: the configurations, prepared for training. cohorts: the same configurations, divided so that those
    of one list share a compiled program and train side by side; by name, such as `program 1`. effort_reason:
    reason for the chosen effort (amount of work), in words.
    """

    settings: SweepSettings
    dataset: Dataset
    effort: SearchEffort
    factors: tuple[Factor, ...]
    points: tuple[DesignPoint, ...]
    cohorts: dict[str, list[DesignPoint]]
    devices: Devices
    effort_reason: str = ""

    @property
    def is_grid(self) -> bool:
        """Whether the configurations of the sweep are a full grid: all combinations of values of factors."""
        return self.settings.random is None

    @property
    def metric(self) -> Metric:
        """The metric by which the configurations of the sweep are compared."""
        return METRICS[self.points[0].plan.metric]

    @property
    def tuning_seeds(self) -> list[int]:
        """Seeds on which the learning rate of every configuration is tuned."""
        return seed_ranges.seeds("sweep.tune", self.effort.tuning_seeds)

    @property
    def seeds(self) -> list[int]:
        """Fresh seeds, on which all configurations are evaluated. Tuning does not use them."""
        return seed_ranges.seeds("sweep.evaluate", self.effort.seeds)

    @property
    def log_rate_offsets(self) -> np.ndarray:
        """The grid of learning rates that tuning tries first, as log10(rate / usual rate), [rate].

        The usual rate is the usual learning rate of the configuration's optimizer.
        """
        return np.linspace(-RANGE_DECADES / 2, RANGE_DECADES / 2, self.effort.rates)

    def extra_offsets(self, sides: Sequence[str]) -> np.ndarray:
        """Return the learning rates that an extension of the grid adds, as log10(rate / usual rate), [rate].

        The usual rate is the usual learning rate of the configuration's optimizer. The added learning rates
        continue the grid with its spacing, over at least one decade. sides: "low" or "high" for each
        extension so far, in order; the last entry is the end of the grid to extend.
        """
        step = RANGE_DECADES / (self.effort.rates - 1)
        size = int(np.ceil(1 / step))
        before = list(sides[:-1]).count(sides[-1]) * size
        added = RANGE_DECADES / 2 + step * (before + 1 + np.arange(size))
        return added if sides[-1] == "high" else -added[::-1]

    def tuning_steps(self, rates: int) -> int:
        """Return the sum of the training steps of all networks that tuning trains.

        rates: number of learning rates that are tried for each configuration. A configuration with a fixed
        learning rate is not tuned.
        """
        tuned = sum(point.plan.steps for point in self.points if point.learning_rate is None)
        return tuned * rates * len(self.tuning_seeds)

    @property
    def tuning_runs(self) -> int:
        """Number of networks that tuning trains if the grid of learning rates is not extended."""
        tuned = sum(point.learning_rate is None for point in self.points)
        return tuned * self.effort.rates * len(self.tuning_seeds)

    @property
    def runs(self) -> int:
        """Number of networks that the whole sweep trains if the grid of learning rates is not extended."""
        return self.tuning_runs + len(self.points) * len(self.seeds)

    @property
    def network_steps(self) -> int:
        """Sum of the training steps of all networks of the sweep.

        Steps that an extension of the grid of learning rates would add are not included.
        """
        evaluation = sum(point.plan.steps for point in self.points) * len(self.seeds)
        return self.tuning_steps(self.effort.rates) + evaluation

    @property
    def steps_text(self) -> str:
        """The number of steps of a run as text: `360 steps`; `180 to 360 steps` if configurations differ."""
        steps = sorted({point.plan.steps for point in self.points})
        return count(steps[0], "step") if len(steps) == 1 else f"{steps[0]:,} to {count(steps[-1], 'step')}"

    @property
    def programs(self) -> int:
        """Number of different training programs that the sweep compiles."""
        return len({point.plan for point in self.points})

    @cached_property
    def shapes(self) -> dict[str, ProgramShape]:
        """Sizes of each compiled program, {name: sizes}, such as the number of runs that advance together.

        Tuning has the same sizes, so that each program compiles once, unless the data are large.
        """
        trials, seeds = self.effort.rates * len(self.tuning_seeds), len(self.seeds)
        shapes = {}
        for name, cohort in self.cohorts.items():
            runs = max(trials * any(point.learning_rate is None for point in cohort), seeds)
            most_seeds = max(seeds, len(self.tuning_seeds))
            shapes[name] = shape_for(
                cohort[0].plan, cohort[0].batches, runs * len(cohort), most_seeds, self.devices
            )
        return shapes

    @property
    def curve_rows(self) -> int | None:
        """Smallest number of validation rows for the curves of a configuration; None if all use all rows."""
        samples = [point.batches.sampled_rows(point.plan) for point in self.points]
        return min((rows for rows in samples if rows is not None), default=None)

    def tuning_shape(self, name: str) -> ProgramShape:
        """Return the sizes of a program in tuning, in which each seed has a run for each learning rate."""
        first, shape, seeds = self.cohorts[name][0], self.shapes[name], len(self.tuning_seeds)
        runs = self.effort.rates * sum(point.learning_rate is None for point in self.cohorts[name])
        return shape_of_repeated_seeds(shape, first.plan, first.batches, runs, seeds, self.devices)

    def cohort(
        self, points: Sequence[DesignPoint], rates: Mapping[int, np.ndarray], seeds: Sequence[int], keep: bool
    ) -> Cohort:
        """Return the runs that train some configurations at each of their learning rates on each seed.

        The order of the runs is by configuration, then learning rate, then seed. points: the configurations,
        all of one compiled program. rates: learning rates [rate] by index of the configuration. keep: whether
        the record of the runs contains their trained parameters.
        """
        names = sorted({name for point in points for name in point.configuration.hyper})
        parts = []
        for point in points:
            configuration, point_rates = point.configuration, rates[point.index]
            size = len(point_rates) * len(seeds)
            hyper = {**point.plan.rule.defaults, **configuration.hyper}
            parts.append(
                configuration.spec.runs(
                    point.plan,
                    np.repeat(point_rates, len(seeds)),
                    np.full(size, configuration.settings.schedule),
                    np.tile(np.asarray(seeds), len(point_rates)),
                    {name: np.full(size, hyper[name], float) for name in names},
                )
            )
        first = points[0]
        return Cohort(
            first.plan, Runs.concatenate(parts), first.batches, first.configuration.spec.initial, keep
        )

    @cached_property
    def estimated_seconds(self) -> float:
        """Estimated wall-clock seconds of the sweep on this machine.

        A short measurement of the speed of training gives the estimate. It includes half of the time of
        one extension of the grid of learning rates, which not every sweep needs.
        """
        trainings = []
        for name, cohort in self.cohorts.items():
            tuned = len(self.tuning_seeds) * sum(point.learning_rate is None for point in cohort)
            parts = (
                (self.tuning_shape(name), tuned * self.effort.rates, 1.0),
                (self.tuning_shape(name), tuned * len(self.extra_offsets(["high"])), EXTENSIONS),
                (self.shapes[name], len(cohort) * len(self.seeds), 1.0),
            )
            trainings += [Training(cohort[0].plan, *part) for part in parts]
        return estimated_seconds(trainings, self.devices.count)

    @property
    def notes(self) -> list[str]:
        """At most 3 sentences on configurations whose requested number of epochs was changed by rounding."""
        lengths = dict.fromkeys(
            (point.plan.steps, point.epochs, point.configuration.settings.epochs) for point in self.points
        )
        return [note for length in lengths for note in rounding_notes(*length)][:MAX_NOTES]

    def line(self) -> str:
        """Return the planned work of the sweep in one line: numbers of configurations and runs, effort."""
        size = f"{count(len(self.points), 'configuration')}, {count(self.runs, 'network')}"
        size = f"{size} of {self.steps_text}, effort {self.effort.name} ({self.effort_reason})"
        return f"{size}, {count(self.programs, 'program')}"

    def plan_document(self) -> dict[str, Plain]:
        """Return the content of the file `plan.json`: all planned runs of the sweep, as plain values.

        The learning rate of a configuration is the text `tuned` if tuning will choose it.
        """
        document: dict[str, Plain] = msgspec.to_builtins(self.planned())
        return document

    def planned(self) -> PlannedSweep:
        """Return all planned runs of the sweep, as a dry run and the file `plan.json` list them."""
        first = self.points[0]
        train, validation = first.batches.sizes
        return PlannedSweep(
            effort=self.effort.name,
            metric=first.plan.metric,
            design=self.facts().kind,
            factors=self.facts().factors,
            settings=[_planned(point, name) for name, cohort in self.cohorts.items() for point in cohort],
            plans={name: cohort[0].plan.describe() for name, cohort in self.cohorts.items()},
            rates=[float(10**offset) for offset in self.log_rate_offsets] if self.tuning_runs else None,
            runs=self.runs,
            network_steps=self.network_steps,
            programs=self.programs,
            rows=DevelopmentSizes(train=train, validation=validation, curves=self.curve_rows),
            tuning_seeds=self.tuning_seeds,
            seeds=self.seeds,
        )

    def facts(self) -> DesignFacts:
        """Return how the sweep chose its configurations: a grid or random points, factors, and their number.

        The result of the sweep and its dry run report these facts.
        """
        return DesignFacts(
            kind="grid" if self.is_grid else "random",
            factors=[
                FactorFacts(name=factor.name, levels=[short_code(level) for level in factor.levels])
                if factor.range is None
                else FactorFacts(name=factor.name, range=list(factor.range))
                for factor in self.factors
            ],
            settings=len(self.points),
            learning_rate=TUNED if self.tuning_runs else "given",
        )


def _planned(point: DesignPoint, program: str) -> PlannedConfiguration:
    configuration = point.configuration
    return PlannedConfiguration(
        setting=configuration.label,
        levels=dict(configuration.levels),
        optimizer=short_code(configuration.settings.optimizer),
        learning_rate=TUNED if point.learning_rate is None else point.learning_rate,
        schedule=configuration.settings.schedule,
        numbers={name: str(value) for name, value in configuration.spec.numbers.items()},
        program=program,
    )


def design(settings: SweepSettings, dataset: Dataset, devices: Devices) -> SweepDesign:
    """Return the design of a sweep: its configurations and trainings, checked against the data.

    Raises UsageError for factors that cannot vary, for settings that do not fit the data, and for a time
    budget that is too short. Raises DataError if the metric is undefined on the test rows or on validation
    rows.
    """
    factors = read_factors(settings.vary)
    shared_batches = batches_for(settings, dataset)
    rows, size = shared_batches.sizes[0], shared_batches.batch_size

    def at_effort(effort: SearchEffort) -> SweepDesign:
        return _at_effort(settings, effort, factors, dataset, devices, shared_batches)

    effort, reason = choose_effort(
        settings.effort,
        settings.budget,
        COMPARE[USUAL_EFFORT],
        efforts_between(rows, size, settings.epochs),
        lambda effort: at_effort(effort).estimated_seconds,
        "values",
    )
    designed = at_effort(effort)
    settled = with_chosen_effort(settings, settings.budget, designed.effort, designed.effort.rates)
    check_metric_defined(
        dataset, designed.metric, [*designed.tuning_seeds, *designed.seeds], settings.validation
    )
    return replace(designed, settings=settled, effort_reason=reason)


def _at_effort(
    settings: SweepSettings,
    effort: SearchEffort,
    factors: Sequence[Factor],
    dataset: Dataset,
    devices: Devices,
    shared_batches: Batches,
) -> SweepDesign:
    """Return the configurations and trainings of a sweep at an effort.

    shared_batches: batches of the configurations that do not vary the batch size.
    """
    level = effort.with_counts(
        tuning_seeds=settings.tuning_seeds, seeds=settings.seeds, rates=settings.trials
    )
    batches: dict[int | None, Batches] = {settings.batch_size: shared_batches}
    # one number of epochs for all configurations, also if their batch sizes differ
    steps = level.steps(shared_batches.sizes[0], shared_batches.batch_size, settings.epochs)
    epochs = settings.epochs or steps * shared_batches.batch_size / shared_batches.sizes[0]
    points = []
    for index, configuration in enumerate(configurations(settings, factors, dataset)):
        settings_of_point = configuration.settings
        if settings_of_point.batch_size not in batches:
            batches[settings_of_point.batch_size] = batches_for(settings_of_point, dataset)
        rows = batches[settings_of_point.batch_size]
        steps = level.steps(rows.sizes[0], rows.batch_size, settings_of_point.epochs or epochs)
        plan_of_point = configuration.spec.plan(settings_of_point, dataset, configuration.rule, rows, steps)
        points.append(DesignPoint(index, configuration, plan_of_point, rows, settings_of_point.learning_rate))
    cohorts: dict[tuple[Plan, tuple[str, float]], list[DesignPoint]] = {}
    for point in points:
        cohorts.setdefault((point.plan, point.configuration.spec.initial), []).append(point)
    named = {f"program {k}": cohort for k, cohort in enumerate(cohorts.values(), 1)}
    return SweepDesign(settings, dataset, level, tuple(factors), tuple(points), named, devices)


def plan(design: SweepDesign) -> SweepPlan:
    """Return the result of a dry run of a sweep: the planned configurations and runs, and their seconds."""
    return SweepPlan(
        study="sweep",
        data=data_facts(design.dataset),
        estimated_seconds=design.estimated_seconds,
        effort_chosen=design.effort_reason,
        **vars(design.planned()),
    )
