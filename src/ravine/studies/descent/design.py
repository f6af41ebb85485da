"""The design of a double-descent study: all trainings for its sweeps over widths and over training rows.

Each width is trained in up to three ways: plain (as the settings say), with ridge (an added L2 penalty), and
with added early stopping. The width of the networks in the sweep over training rows follows from the sweep
over widths. Everything else is fixed before training.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from ravine.data import Dataset, split
from ravine.data.splits import Split
from ravine.engines import Devices
from ravine.errors import DataError, UsageError
from ravine.execution import seeds as seed_ranges
from ravine.execution.effort import DESCENT, DescentEffort
from ravine.execution.label_noise import LabelNoiseBatches
from ravine.execution.length_advice import rounding_notes
from ravine.execution.machine_speed import at_this_speed
from ravine.execution.result_parts import MetricFacts
from ravine.execution.run_files import data_facts
from ravine.execution.training_spec import (
    TrainingSpec,
    find_rule,
    share_structure,
    training_options,
    training_spec,
)
from ravine.execution.training_time import Training, estimated_seconds
from ravine.networks import Network, default_metric, layered
from ravine.optimizers import Rule, schedule
from ravine.studies.descent.result import SHARE_WRONG, DescentPlan, DescentTraining, PlannedDescent, RowCounts
from ravine.studies.descent.settings import DescentSettings
from ravine.studies.descent.width_groups import can_share, narrowed
from ravine.training import Batches, Cohort, Plan, ProgramShape, Runs, shape_for

__all__ = ["PLAIN", "DescentDesign", "design", "plan"]

PLAIN, RIDGE, EARLY_STOPPING = "plain", "ridge", "early stopping"
L2 = 0.01  # of the arm "ridge"
PATIENCE_EVALUATIONS = 8  # of the arm "early stopping"
RATE_FACTOR = 3.0  # times the usual rate, so that networks fit all they can in the steps there are
BATCH_SIZE = 32  # rows, if the settings name none
EVALUATIONS = 60  # of a run
MAX_VALIDATION_ROWS = 1_000
MIN_ROWS = 16
COHORT_S, PICTURES_S = 0.24, 1.7  # to read and record one cohort of many short segments, and to draw
ROW_SHARES = (1 / 8, 1 / 4, 1 / 2, 3 / 4, 1, 3 / 2, 2, 4)  # rows of the sweep in examples over `rows`


@dataclass(frozen=True)
class DescentDesign:
    """The design of a double-descent study: settings, widths, numbers of rows and seeds of all trainings.

    effort: widths, largest number of training rows, and numbers of seeds and steps. plain: the training that
    the settings describe. arms: trainings by name: plain, ridge (with an added L2 penalty) and early stopping
    (added), of equal structure so that they share programs. available: number of training rows in the data.
    rows: number of training rows in the sweep over widths. examples: numbers of training rows in the sweep
    over training rows.
    """

    settings: DescentSettings
    dataset: Dataset
    devices: Devices
    effort: DescentEffort
    rule: Rule
    plain: TrainingSpec
    arms: dict[str, TrainingSpec]
    seeds: list[int]
    available: int
    rows: int
    examples: list[int]

    @property
    def learning_rate(self) -> float:
        """Learning rate of all networks: that of the settings, else three times the optimizer's usual one."""
        usual = RATE_FACTOR * self.rule.rate_center
        return self.settings.learning_rate or float(f"{usual:.3g}")  # 0.009, not 0.009000000000000001

    @property
    def schedule(self) -> str:
        """The learning-rate schedule of all networks as text, with all its parameters."""
        return str(schedule(self.settings.schedule))

    @property
    def batch_size(self) -> int:
        """Number of rows in a batch: that of the settings, else 32.

        It is at most the number of rows in the smallest training set of the study.
        """
        return min(self.settings.batch_size or BATCH_SIZE, self.examples[0])

    @property
    def steps(self) -> int:
        """Number of training steps of every run, before rounding up.

        A run has more steps if needed, so that each of its evaluations follows equally many steps.
        """
        return self.effort.steps(self.rows, self.batch_size, self.settings.epochs)

    @property
    def outputs(self) -> int:
        """Number of outputs of each network of the study."""
        return self.plain.network.sizes[-1]

    @property
    def runs(self) -> int:
        """Number of networks that the double-descent study trains."""
        return len(self.seeds) * (len(self.effort.widths) * len(self.arms) + len(self.examples))

    @property
    def network_steps(self) -> int:
        """Number of training steps of all networks together."""
        return self.runs * self.plan(self.at_width(1)).steps

    @cached_property
    def estimated_seconds(self) -> float:
        """Estimated wall-clock seconds of the study on this machine, from a short measurement.

        Networks of the sweep over training rows are estimated at a middle width, because their width is not
        known before training.
        """
        widths, count = self.effort.widths, len(self.seeds)

        def training(units: int, rows: int, runs: int) -> Training:
            plan = self.plan(self.at_width(units))
            return Training(plan, self.shape(plan, self.batches(rows)), runs)

        middle = widths[len(widths) // 2]
        trainings = [training(units, self.rows, count * len(self.arms)) for units in widths]
        trainings += [training(middle, rows, count) for rows in self.examples]
        other = at_this_speed(COHORT_S * len(trainings) + PICTURES_S)
        return estimated_seconds(trainings, self.devices.count, other)

    @property
    def network(self) -> Network:
        """The network of the settings, whose hidden layers the study makes narrower and wider.

        Raises UsageError for a network of a Python file, whose layers are not known.
        """
        return layered(self.plain.network, "The sweep over widths")

    @cached_property
    def share_programs(self) -> bool:
        """Whether networks of several widths can share a compiled program."""
        return can_share(self.network, self.rule)

    def batches(self, rows: int) -> Batches:
        """Return the batches of training sets of `rows` rows.

        The settings give the share of the training labels that are replaced by random labels.
        """
        settings = self.settings
        parts = partial(split_rows, settings, self.dataset, rows=rows)  # without the design, for engines
        return LabelNoiseBatches(
            self.dataset, settings.seed, self.batch_size, settings.precision, parts, settings.label_noise
        )

    def at_width(self, units: int) -> TrainingSpec:
        """Return the training, as the settings say, of networks with `units` units in every hidden layer.

        The ridge and the early stopping that the study adds in other trainings are left out.
        """
        network = narrowed(self.network, units, self.effort.widths, self.share_programs)
        return replace(self.arms[PLAIN], network=network)

    def plan(self, spec: TrainingSpec) -> Plan:
        """Return the compiled part of a training, such as network, optimizer, batch size and steps.

        spec: the training. A run has at most 60 evaluations.
        """
        steps = self.steps
        steps_per_evaluation = max(1, -(-steps // EVALUATIONS))
        plan = spec.plan(self.settings, self.dataset, self.rule, self.batches(self.rows), steps)
        return replace(
            plan,
            steps_per_evaluation=steps_per_evaluation,
            evaluations=max(1, -(-steps // steps_per_evaluation)),
        )

    def shape(self, plan: Plan, batches: Batches) -> ProgramShape:
        """Return the numbers of runs and rows for which a program is compiled.

        It has room for all seeds with every kind of training: plain, ridge and early stopping.
        """
        count = len(self.seeds)
        return shape_for(plan, batches, count * len(self.arms), count, self.devices)

    def cohort(self, units: int, batches: Batches, *, all_arms: bool) -> Cohort:
        """Return the runs of networks of one width on all seeds, to be trained side by side.

        Runs are ordered by the kind of training and then by seed: first plain (as the settings say), then
        with added ridge and with added early stopping. all_arms: whether all kinds are included, or only the
        plain ones.
        """
        spec = self.at_width(units)
        plan, count = self.plan(spec), len(self.seeds)
        rates, schedules, seeds = (
            np.full(count, self.learning_rate),
            np.full(count, self.schedule),
            self.seeds,
        )
        runs = Runs.concatenate(
            [arm.runs(plan, rates, schedules, np.asarray(seeds), {}) for arm in self.arms.values()]
        )
        return Cohort(plan, runs if all_arms else runs.take(slice(count)), batches, spec.initial, True)

    @property
    def notes(self) -> list[str]:
        """A list with one sentence if rounding changed the number of epochs of the settings, else empty."""
        facts = self.facts()
        return rounding_notes(facts.steps, facts.epochs, self.settings.epochs)

    def line(self) -> str:
        """Return a summary of the double-descent study in one line, for the terminal."""
        widths, rows = self.effort.widths, self.examples
        return (
            f"{self.rule.title} at {self.learning_rate:.3g}, {len(widths)} widths from {widths[0]} to "
            f"{widths[-1]}, {rows[0]:,} to {rows[-1]:,} rows, {self.settings.label_noise:.0%} random labels, "
            f"{len(self.seeds)} seeds, {self.steps:,} steps"
        )

    def plan_document(self) -> dict[str, Any]:
        """Return the content of `plan.json` of a double-descent study, such as widths, rows and seeds."""
        return {
            **self.plan(self.plain).describe(),
            "learning_rate": self.learning_rate,
            "schedule": self.schedule,
            "seeds": self.seeds,
            "widths": list(self.effort.widths),
            "rows": self.rows,
            "examples": self.examples,
            "label_noise": self.settings.label_noise,
            "arms": list(self.arms),
        }

    @property
    def metric(self) -> MetricFacts:
        """Name and direction of the error that the study reports.

        It is the share of rows wrong, or for a regression the default metric; less is better.
        """
        task = self.dataset.task
        name = SHARE_WRONG if task == "classify" else default_metric(task)
        return MetricFacts(name=name, greater_is_better=False)

    @property
    def row_counts(self) -> RowCounts:
        """Numbers of training, validation and test rows in the sweep over widths.

        `available` is the number of all training rows in the data.
        """
        return RowCounts(
            train=self.rows,
            validation=len(split_rows(self.settings, self.dataset, 0, self.rows).valid),
            test=len(self.dataset.test),
            available=self.available,
        )

    def facts(self) -> DescentTraining:
        """Return learning rate, schedule, steps and other settings that all networks of the study share."""
        steps = self.plan(self.plain).steps
        return DescentTraining(
            effort=self.settings.effort,
            optimizer=self.rule.name,
            learning_rate=self.learning_rate,
            schedule=self.schedule,
            network=str(self.plain.network),
            label_noise=self.settings.label_noise,
            steps=steps,
            epochs=steps * self.batch_size / self.rows,
            batch_size=self.batch_size,
            seeds=self.seeds,
            ridge=L2,
            patience=PATIENCE_EVALUATIONS,
        )


def design(settings: DescentSettings, dataset: Dataset, devices: Devices) -> DescentDesign:
    """Return the design (all trainings) of a double-descent study, checked against the data.

    Raises UsageError for settings that do not fit the data, such as a network without hidden layer or a
    metric other than the error of the study. Raises DataError for fewer than 16 training rows.
    """
    if settings.metric not in (None, default_metric(dataset.task)):
        raise UsageError(
            f"--metric {settings.metric} cannot be used.",
            "Double descent is measured by the share of wrong labels, or by the root mean square error.",
            "Leave --metric out.",
        )
    effort, rule = DESCENT[settings.effort], find_rule(settings.optimizer)
    seeds = seed_ranges.seeds("descent.train", settings.seeds or effort.seeds)
    plain = training_spec(settings, dataset)
    if len(layered(plain.network, "The sweep over widths").sizes) < 3:
        raise UsageError(
            f"The width of '{settings.net}' cannot vary.",
            "The network has no hidden layer.",
            "Type --net 64.",
        )
    available = len(split_rows(settings, dataset, 0).train)
    rows = min(available, effort.rows)
    if rows < MIN_ROWS:
        raise DataError(
            f"{rows} training rows are too few to look for double descent.",
            "",
            f"Give {MIN_ROWS} training rows or more.",
        )
    examples = sorted({round(share * rows) for share in ROW_SHARES if share * rows <= available})
    return DescentDesign(
        settings=settings,
        dataset=dataset,
        devices=devices,
        effort=effort,
        rule=rule,
        plain=plain,
        arms=_arms(settings, dataset),
        seeds=seeds,
        available=available,
        rows=rows,
        examples=examples,
    )


def plan(design: DescentDesign) -> DescentPlan:
    """Return the result of a dry run: the networks that a double-descent study would train."""
    return DescentPlan(
        study="descent",
        estimated_seconds=design.estimated_seconds,
        data=data_facts(design.dataset),
        rows=design.row_counts,
        metric=design.metric,
        plan=PlannedDescent(
            **vars(design.facts()),
            training_options=training_options(design.settings),
            widths=list(design.effort.widths),
            arms=list(design.arms),
            examples=design.examples,
            runs=design.runs,
            network_steps=design.network_steps,
        ),
    )


def split_rows(settings: DescentSettings, dataset: Dataset, seed: int, rows: int | None = None) -> Split:
    """Return the training and validation rows of a double-descent study for one seed, which fixes the split.

    They are indices into the data set, without test rows. rows: number of training rows to keep, the first
    ones of the split; None for all. Of the validation rows, the first 1,000 are kept.
    """
    parts = split(dataset, seed, settings.validation)
    return Split(parts.train[:rows], parts.valid[:MAX_VALIDATION_ROWS])


def _arms(settings: DescentSettings, dataset: Dataset) -> dict[str, TrainingSpec]:
    """Return the kinds of training by name: plain, ridge and early stopping. Their structure is equal.

    Ridge or early stopping is left out if the settings contain it already.
    """
    settings_of_arms = {PLAIN: settings}
    if settings.l2 is None:
        settings_of_arms[RIDGE] = replace(settings, l2=L2)
    if not settings.early_stop:
        settings_of_arms[EARLY_STOPPING] = replace(settings, early_stop=PATIENCE_EVALUATIONS)
    specs = share_structure([training_spec(changed, dataset) for changed in settings_of_arms.values()])
    return dict(zip(settings_of_arms, specs, strict=True))
