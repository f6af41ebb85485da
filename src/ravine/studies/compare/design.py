"""The design of a comparison of optimizers: its runs, planned before training.

A comparison has three stages. The runs of `tune` and `evaluate` are planned. The learning rates of `evaluate`
and the need for `extend` follow from tuning:

    tune      trials of every optimizer on tuning seeds: quasi-random learning rates, each under every
              learning-rate schedule
    extend    one more decade of learning rates for all optimizers, if the best learning rate of at least one
              optimizer lies at an end of its range; this stage occurs at most twice
    evaluate  the best trial of every optimizer under every schedule, on fresh seeds (not used in tuning)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from ravine.data import Dataset
from ravine.data.metric_checks import check_metric_defined
from ravine.engines import Devices
from ravine.errors import UsageError
from ravine.execution import seeds as seed_ranges
from ravine.execution.baseline_time import baseline_seconds
from ravine.execution.choose_effort import choose_effort, with_chosen_effort
from ravine.execution.effort import SearchEffort, efforts_between, usual_effort
from ravine.execution.length_advice import rounding_notes
from ravine.execution.prepared_training import batches_for
from ravine.execution.result import Plain
from ravine.execution.result_parts import DevelopmentSizes, MetricFacts
from ravine.execution.run_files import data_facts
from ravine.execution.training_spec import (
    TrainingSpec,
    check_patience,
    check_schedules,
    find_rules,
    training_options,
    training_spec,
)
from ravine.execution.training_time import Training, estimated_seconds
from ravine.networks import METRICS
from ravine.optimizers import DEFAULT_OPTIMIZERS, Rule, read_optimizers, schedule
from ravine.optimizers.optimizer_text import ParsedOptimizer
from ravine.statistics import extension_rates, learning_rates, log_uniform_points
from ravine.studies.compare.result import (
    ComparePlan,
    PlannedEvaluation,
    PlannedRuns,
    PlannedTrial,
)
from ravine.studies.compare.settings import CompareSettings
from ravine.studies.compare.trials import Trials
from ravine.training import Batches, Plan, ProgramShape, shape_for, shape_of_repeated_seeds

__all__ = ["RANGE_DECADES", "CompareDesign", "design", "plan"]

RANGE_DECADES = 4.0  # width of the range of learning rates around the optimizer's usual one
EXTENSIONS = 0.5  # extensions of the range of learning rates that the estimated time includes
FIRST_SCORES_FROM = 2e12  # floating-point operations of tuning, from which on first scores are reported

Side = Literal["low", "high"]


@dataclass(frozen=True)
class CompareDesign:
    """The design of one comparison of optimizers: trials, seeds, and the compiled part of each training.

    rules: the optimizers. optimizers: the parsed text of each optimizer as the user typed it, by its name.
    plans: the compiled part of the training of each optimizer, by its name. effort_reason: reason for the
    chosen effort (amount of work), in words.
    """

    settings: CompareSettings
    dataset: Dataset
    devices: Devices
    effort: SearchEffort
    rules: tuple[Rule, ...]
    optimizers: dict[str, ParsedOptimizer]
    spec: TrainingSpec
    batches: Batches
    plans: dict[str, Plan]
    effort_reason: str = ""

    @property
    def tuning_seeds(self) -> list[int]:
        """Seeds on which the trials of every optimizer are tuned."""
        return seed_ranges.seeds("compare.tune", self.effort.tuning_seeds)

    @property
    def seeds(self) -> list[int]:
        """Fresh seeds, unused in tuning, for the best trial of each optimizer under each schedule."""
        return seed_ranges.seeds("compare.evaluate", self.effort.seeds)

    @property
    def first_plan(self) -> Plan:
        """The plan (compiled part of the training) of the first optimizer.

        It serves for facts that do not depend on the optimizer: the plans of all optimizers have the same
        number of steps, batch size, network and metric.
        """
        return next(iter(self.plans.values()))

    @property
    def steps(self) -> int:
        """Number of optimizer steps of one run, the same for every run of the comparison."""
        return self.first_plan.steps

    @property
    def epochs(self) -> float:
        """Number of passes of one run over its training rows (epochs)."""
        return self.steps * self.first_plan.batch_size / self.batches.sizes[0]

    @property
    def metric(self) -> MetricFacts:
        """The metric that optimizers are compared by: name, direction, smallest difference that matters."""
        return MetricFacts.of(METRICS[self.first_plan.metric], self.settings.smallest_difference)

    @property
    def reference(self) -> str:
        """The name of the reference optimizer, whose best validation score is the target of all optimizers.

        It is the first default optimizer if that is compared, else the first optimizer of the comparison.
        """
        names = [rule.name for rule in self.rules]
        return DEFAULT_OPTIMIZERS[0] if DEFAULT_OPTIMIZERS[0] in names else names[0]

    @property
    def rate_count(self) -> int:
        """Number of learning rates that tuning tries for each optimizer before any extension of the range.

        Each learning rate is tried under every schedule.
        """
        return max(2, self.effort.trials // len(self.settings.schedules))

    @property
    def added_rates(self) -> int:
        """Number of learning rates that one extension of the range by a decade adds for each optimizer.

        The added learning rates have the density of those in the first range.
        """
        return max(1, round(self.rate_count / RANGE_DECADES))

    @property
    def tuning_runs(self) -> int:
        """Number of runs that tune one optimizer if its range of learning rates is not extended."""
        return self.rate_count * len(self.settings.schedules) * len(self.tuning_seeds)

    @property
    def runs(self) -> int:
        """Number of runs of the whole comparison: tuning of all optimizers, and evaluation on fresh seeds.

        Runs that an extension of the range of learning rates would add are not included.
        """
        evaluation = len(self.settings.schedules) * len(self.seeds)
        return len(self.rules) * (self.tuning_runs + evaluation)

    @property
    def network_steps(self) -> int:
        """Sum of the training steps of all networks of the comparison.

        Steps that an extension of the range of learning rates would add are not included.
        """
        return self.runs * self.steps

    @property
    def reports_first_scores(self) -> bool:
        """Whether tuning first trains a part of its runs, to report scores of all optimizers early.

        The part contains the runs of every optimizer, on the first tuning seed, under the schedule that the
        option `--schedules` lists last. The answer is no where the part would save no time: a tuning of few
        operations ends soon, and on a GPU the part would take as long as all trials.
        """
        plan, tuning = self.first_plan, len(self.rules) * self.tuning_runs * self.steps
        operations = tuning * plan.batch_size * plan.network.flops
        return self.devices.shared and operations >= FIRST_SCORES_FROM

    @cached_property
    def shape(self) -> ProgramShape:
        """The numbers of runs and of rows that the compiled program of each optimizer has room for.

        Tuning has the same sizes, so that each program compiles once, unless the data are large.
        """
        most_seeds = max(len(self.tuning_seeds), len(self.seeds))
        return shape_for(self.first_plan, self.batches, self.tuning_runs, most_seeds, self.devices)

    @cached_property
    def tuning_shape(self) -> ProgramShape:
        """The sizes of the program for tuning, in which each seed has a run for each trial."""
        trials = self.tuning_runs // len(self.tuning_seeds)
        seeds = len(self.tuning_seeds)
        return shape_of_repeated_seeds(self.shape, self.first_plan, self.batches, trials, seeds, self.devices)

    @cached_property
    def estimated_seconds(self) -> float:
        """Estimated wall-clock seconds of the comparison on this machine.

        A short measurement of the speed of training gives the estimate. The estimate includes the baselines,
        if they are wanted, and half the time of one extension of the range of learning rates.
        """
        evaluation = len(self.settings.schedules) * len(self.seeds)
        added = self.added_rates * len(self.settings.schedules) * len(self.tuning_seeds)
        trainings = [
            Training(plan, shape, runs, share)
            for plan in self.plans.values()
            for shape, runs, share in (
                (self.tuning_shape, self.tuning_runs, 1.0),
                (self.tuning_shape, added, EXTENSIONS),
                (self.shape, evaluation, 1.0),
            )
        ]
        baselines = 0.0
        if self.settings.baselines:
            baselines = baseline_seconds(self.dataset, self.batches.sizes[0], len(self.seeds))
        return estimated_seconds(trainings, self.devices.count, baselines)

    def range(self, rule: Rule, sides: Sequence[str] = ()) -> tuple[float, float]:
        """Return the range (lowest, highest) of the learning rates to try for an optimizer.

        Without extension, the range spans 4 decades around the optimizer's usual learning rate, or as many as
        an optimizer of the user states. sides: "low"
        or "high" for each extension of the range by one decade at this end.
        """
        decades = RANGE_DECADES if rule.rate_decades is None else rule.rate_decades
        low = rule.rate_center * 10 ** (-decades / 2 - list(sides).count("low"))
        high = rule.rate_center * 10 ** (decades / 2 + list(sides).count("high"))
        return low, high

    def trials(self, rule: Rule) -> Trials:
        """Return the trials that tuning trains first for an optimizer, in its range of learning rates.

        The range is not yet extended. Each learning rate appears once for every schedule.
        """
        low, high = self.range(rule)
        seed = self.settings.seed
        if self.settings.tune == "learning-rate":
            return self._scheduled(learning_rates(self.rate_count, low, high, seed), {})
        return self._full(rule, self.rate_count, low, high, seed)

    def extended(self, rule: Rule, sides: Sequence[str]) -> Trials:
        """Return the trials that an extension of the range adds for an optimizer, in one more decade.

        The decade lies below or above the learning rates that were already tried. sides: "low" or "high" for
        each extension so far, in order; the last entry is the side of the decade to add.
        """
        side: Side = "low" if sides[-1] == "low" else "high"
        before, seed = self.range(rule, sides[:-1]), self.settings.seed
        if self.settings.tune == "learning-rate":
            count = self.rate_count + (len(sides) - 1) * self.added_rates
            return self._scheduled(extension_rates(count, *before, side, seed), {})
        low, high = self.range(rule, sides)
        low, high = (low, before[0]) if side == "low" else (before[1], high)
        return self._full(rule, self.added_rates, low, high, seed + len(sides))

    def _full(self, rule: Rule, count: int, low: float, high: float, seed: int) -> Trials:
        """Return trials of learning rate and all hyperparameters; averaging rates b are spaced in 1 - b."""
        ranges = {"rate": (low, high)}
        ranges |= {name: (span.low, span.high) for name, span in rule.search_ranges.items()}
        points = log_uniform_points(count, ranges, seed)
        hyper = {
            name: 1 - np.asarray(points[name]) if span.one_minus else np.asarray(points[name])
            for name, span in rule.search_ranges.items()
        }
        return self._scheduled(np.asarray(points["rate"]), hyper)

    def _scheduled(self, rate: np.ndarray, hyper: dict[str, np.ndarray]) -> Trials:
        schedules = np.array(self.settings.schedules)
        count = len(schedules)
        repeated = {name: np.repeat(values, count) for name, values in hyper.items()}
        return Trials(np.repeat(rate, count), np.tile(schedules, len(rate)), repeated)

    @property
    def notes(self) -> list[str]:
        """A list with one sentence if rounding changed the requested number of epochs, else an empty list."""
        return rounding_notes(self.steps, self.epochs, self.settings.epochs)

    def line(self) -> str:
        """Return the planned work of the comparison in one line: numbers of networks and steps, effort."""
        steps = f"{self.steps:,} step{'s' * (self.steps != 1)} ({self.epochs:.3g} epochs)"
        return f"{self.runs:,} networks of {steps}, effort {self.effort.name} ({self.effort_reason})"

    def planned_runs(self) -> PlannedRuns:
        """Return all planned runs of the comparison, of tuning and of the evaluation on fresh seeds.

        The learning rates of the evaluation are left open, because tuning will choose them.
        """
        train, validation = self.batches.sizes
        return PlannedRuns(
            effort=self.effort.name,
            tuning_scope=self.settings.tune,
            metric=self.first_plan.metric,
            plans={name: plan.describe() for name, plan in self.plans.items()},
            runs=self.runs,
            network_steps=self.network_steps,
            rows=DevelopmentSizes(
                train=train, validation=validation, curves=self.batches.sampled_rows(self.first_plan)
            ),
            tuning_seeds=self.tuning_seeds,
            seeds=self.seeds,
            tune=[trial for rule in self.rules for trial in self._planned_trials(rule)],
            evaluate=[
                PlannedEvaluation(
                    optimizer=rule.name, schedule=name, learning_rate="as tuned", seeds=self.seeds
                )
                for rule in self.rules
                for name in self.settings.schedules
            ],
        )

    def _planned_trials(self, rule: Rule) -> list[PlannedTrial]:
        trials = self.trials(rule)
        return [
            PlannedTrial(
                optimizer=rule.name,
                schedule=str(trials.schedule[index]),
                learning_rate=float(trials.rate[index]),
                hyperparameters={name: float(values[index]) for name, values in trials.hyper.items()},
                seeds=self.tuning_seeds,
            )
            for index in range(len(trials))
        ]

    def plan_document(self) -> dict[str, Plain]:
        """Return the content of the file `plan.json`: all planned runs of the comparison, as plain values."""
        return asdict(self.planned_runs())


def design(settings: CompareSettings, dataset: Dataset, devices: Devices) -> CompareDesign:
    """Return the design of a comparison of optimizers: its runs, checked against the data.

    Raises UsageError for settings that exclude each other or do not fit the data, and for a time budget that
    is too short. Raises DataError if the metric is undefined on the test rows or on validation rows.
    """
    names = [str(schedule(text)) for text in settings.schedules]  # one name for each schedule
    if len(set(names)) < len(names):
        raise UsageError("--schedules names a schedule twice.", "", "Name it once.", option="schedules")
    settings = replace(settings, schedules=names)
    batches = batches_for(settings, dataset)
    rules = tuple(find_rules(settings.optimizers))
    optimizers = dict(zip([rule.name for rule in rules], read_optimizers(settings.optimizers), strict=True))
    spec = training_spec(settings, dataset)
    check_patience(settings)
    check_schedules(spec, rules)

    rows, size, epochs = batches.sizes[0], batches.batch_size, settings.epochs

    def at_effort(effort: SearchEffort) -> CompareDesign:
        counted = effort.with_counts(settings.trials, settings.tuning_seeds, settings.seeds)
        steps = effort.steps(rows, size, epochs)
        plans = {rule.name: spec.plan(settings, dataset, rule, batches, steps) for rule in rules}
        return CompareDesign(settings, dataset, devices, counted, rules, optimizers, spec, batches, plans)

    effort, reason = choose_effort(
        settings.effort,
        settings.budget,
        usual_effort(rows, size, spec.network.flops, epochs),
        efforts_between(rows, size, epochs),
        lambda effort: at_effort(effort).estimated_seconds,
    )
    chosen = at_effort(effort)
    settled = with_chosen_effort(settings, settings.budget, chosen.effort, chosen.effort.trials)
    chosen = replace(chosen, settings=settled, effort_reason=reason)
    seeds = [*chosen.tuning_seeds, *chosen.seeds]
    check_metric_defined(dataset, METRICS[chosen.first_plan.metric], seeds, settings.validation)
    return chosen


def plan(design: CompareDesign) -> ComparePlan:
    """Return the result of a dry run of a comparison: the planned runs and their estimated seconds."""
    return ComparePlan(
        study="compare",
        data=data_facts(design.dataset),
        estimated_seconds=design.estimated_seconds,
        effort_chosen=design.effort_reason,
        training_options=training_options(design.settings),
        **vars(design.planned_runs()),
    )
