"""The design of a memorization study: all trainings, and the pairs of rows on which they rest.

The networks form arms. The networks of one arm differ in their seed alone.

shares   the random-label test: a share of the rows in pairs gets random labels, the same for all networks of
         an arm
limits   dropout, L2, noise on the inputs and early stopping, each with true labels and with 25 % of the
         labels replaced by random ones

Rows come in pairs. Each network trains on one row of every pair, which its seed draws; see `measures`.

Source: Zhang et al. 2017; Feldman & Zhang 2020; Arpit et al. 2017.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from ravine.data import Dataset
from ravine.data.label_noise import corrupt_labels
from ravine.data.random_keys import keyed_generator
from ravine.engines import Devices
from ravine.errors import DataError, UsageError
from ravine.execution import seeds as seed_ranges
from ravine.execution.effort import MEMORIZE, MemorizeEffort, batch_size_for
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
from ravine.networks import METRICS, Network
from ravine.optimizers import Rule, schedule
from ravine.studies.memorize.measures import FITTED_ABOVE, TrainHeldOutPairs, pairs
from ravine.studies.memorize.result import (
    MemorizePlan,
    MemorizeTraining,
    PairRows,
    PlannedArm,
    PlannedMemorization,
)
from ravine.studies.memorize.settings import MemorizeSettings
from ravine.training import Batches, Cohort, Plan, ProgramShape, shape_for

__all__ = ["NOISY_SHARE", "Arm", "MemorizeDesign", "design", "plan"]

METRIC = "accuracy"
NOISY_SHARE = 0.25  # of random labels, in the arms that limit memorization
MIN_PAIRS = 8
MEASURE_ARM_S = 0.5  # to measure the memorization of one group of networks
BOUNDS_S, PICTURES_S = 3.0, 1.3  # to compute the bounds on the error, and to draw the pictures
MAX_EVALUATIONS = 120
DROPOUT, L2, INPUT_NOISE = 0.5, 0.01, 0.5  # of the limiting arms
PATIENCE_EVALUATIONS = 5  # of the arm "early stopping"


@dataclass(frozen=True)
class Arm:
    """Networks of a memorization study that differ in their seed alone.

    share: share of random labels. limit: name of the limit on memorization, such as dropout; "" for none.
    spec: the training. watch: rows that are evaluated during training, "train" or "held out".
    """

    share: float
    limit: str
    spec: TrainingSpec
    watch: str = "train"

    @property
    def name(self) -> str:
        """Name of the networks, such as `25% drawn anew, dropout 0.5`: share of random labels, any limit."""
        return f"{self.share:.0%} drawn anew" + (f", {self.limit}" if self.limit else "")


@dataclass(frozen=True)
class MemorizeDesign:
    """The design of a memorization study: settings, pairs of rows, and all trainings with their seeds.

    arms: kinds of networks, each with a share of random labels and a limit on memorization, or none.
    """

    settings: MemorizeSettings
    dataset: Dataset
    devices: Devices
    effort: MemorizeEffort
    rule: Rule
    pairs: TrainHeldOutPairs
    arms: list[Arm]
    seeds: list[int]

    @property
    def learning_rate(self) -> float:
        """Learning rate of all networks: that of the settings, else the optimizer's usual one."""
        return float(self.settings.learning_rate or self.rule.rate_center)

    @property
    def schedule(self) -> str:
        """The learning-rate schedule of all networks as text, with all its parameters."""
        return str(schedule(self.settings.schedule))

    @property
    def rows(self) -> int:
        """Number of rows that each network is trained on: one row of every pair."""
        return len(self.pairs.rows)

    @property
    def batch_size(self) -> int:
        """Number of rows in a batch: that of the settings, else a usual one for the number of training rows.

        It is at most the number of training rows.
        """
        return min(self.settings.batch_size or batch_size_for(self.rows), self.rows)

    @property
    def network_steps(self) -> int:
        """Number of training steps of all networks together."""
        return sum(len(self.seeds) * plan.steps for plan in self.plans)

    @cached_property
    def estimated_seconds(self) -> float:
        """Estimated wall-clock seconds of the study on this machine, from a short measurement of speed."""
        count = len(self.seeds)
        trainings = [Training(plan, self.shape, count) for plan in self.plans]
        other = MEASURE_ARM_S * len(self.arms) + BOUNDS_S + PICTURES_S
        return estimated_seconds(trainings, self.devices.count, at_this_speed(other))

    @cached_property
    def plans(self) -> list[Plan]:
        """The compiled parts of the trainings, one for each arm (networks that differ in their seed alone).

        Each has about one evaluation in an epoch, and at most 120 evaluations.
        """
        steps = self.effort.steps(self.rows, self.batch_size, self.settings.epochs)
        steps_per_evaluation = max(1, round(self.rows / self.batch_size), -(-steps // MAX_EVALUATIONS))
        batches = self.batches(self.arms[0])
        return [
            replace(
                arm.spec.plan(self.settings, self.dataset, self.rule, batches, steps),
                metric=METRIC,
                steps_per_evaluation=steps_per_evaluation,
                evaluations=-(-steps // steps_per_evaluation),
            )
            for arm in self.arms
        ]

    @cached_property
    def shape(self) -> ProgramShape:
        """Sizes of the compiled programs of the study, such as the number of runs that advance together."""
        count = len(self.seeds)
        return shape_for(self.plans[0], self.batches(self.arms[0]), count, count, self.devices)

    def batches(self, arm: Arm) -> Batches:
        """Return the batches of the networks of one arm, which differ in their seed alone.

        They depend on the arm's share of random labels and on the rows that it evaluates during training.
        Batches that were used keep their rows in memory, so the design stores none.
        """
        data = replace(self.dataset, y=self._labels(arm.share))
        parts = partial(self.pairs.split, watch=arm.watch)
        return LabelNoiseBatches(data, self.settings.seed, self.batch_size, self.settings.precision, parts)

    def _labels(self, share: float) -> np.ndarray:
        """Return the labels of all rows, [N]; a share of the rows in pairs has random labels."""
        rows, y = self.pairs.rows.ravel(), self.dataset.y.copy()
        classes = len(self.dataset.classes or ())
        y[rows], _ = corrupt_labels(
            y[rows], share, keyed_generator(self.settings.seed, "corruption"), classes
        )
        return y

    def cohort(self, arm: Arm, plan: Plan, batches: Batches) -> Cohort:
        """Return the runs of networks that differ in their seed alone, to be trained side by side.

        arm: their training, with its share of random labels and its limit on memorization.
        """
        count = len(self.seeds)
        rates, schedules = np.full(count, self.learning_rate), np.full(count, self.schedule)
        runs = arm.spec.runs(plan, rates, schedules, np.asarray(self.seeds), {})
        return Cohort(plan, runs, batches, arm.spec.initial, True)

    @property
    def notes(self) -> list[str]:
        """A list with one sentence if rounding changed the number of epochs of the settings, else empty."""
        facts = self.facts()
        return rounding_notes(facts.steps, facts.epochs, self.settings.epochs)

    def line(self) -> str:
        """Return a summary of the memorization study in one line, for the terminal."""
        plan, half = self.plans[0], f"{self.rows:,} of {2 * self.rows:,} rows"
        return (
            f"{self.rule.title} at {self.learning_rate:.3g}, {plan.network}: {len(self.arms)} times "
            f"{len(self.seeds)} networks, each trained on {half}, {plan.steps:,} steps"
        )

    def plan_document(self) -> dict[str, Any]:
        """Return the content of `plan.json` of a memorization study: numbers of rows, arms, seeds and more.

        An arm is a share of random labels with a limit on memorization, or without one.
        """
        return {
            **self.plans[0].describe(),
            "learning_rate": self.learning_rate,
            "schedule": self.schedule,
            "seeds": self.seeds,
            "rows": {"pairs": self.rows, "development": len(self.dataset.development)},
            "arms": [{"share": arm.share, "limit": arm.limit, **arm.spec.numbers} for arm in self.arms],
        }

    @property
    def metric(self) -> MetricFacts:
        """The score that a memorization study reports: the accuracy, and that more is better."""
        return MetricFacts.of(METRICS[METRIC])

    @property
    def row_counts(self) -> PairRows:
        """Numbers of training and held-out rows of each network, and of test rows."""
        return PairRows(train=self.rows, held_out=self.rows, test=len(self.dataset.test))

    def facts(self) -> MemorizeTraining:
        """Return learning rate, schedule, steps and other settings that all networks of the study share."""
        plan = self.plans[0]
        return MemorizeTraining(
            effort=self.settings.effort,
            optimizer=self.rule.name,
            learning_rate=self.learning_rate,
            schedule=self.schedule,
            network=str(plan.network),
            parameters=plan.network.parameters,
            steps=plan.steps,
            epochs=plan.steps * plan.batch_size / self.rows,
            batch_size=plan.batch_size,
            seeds=self.seeds,
            fitted=FITTED_ABOVE,
        )


def design(settings: MemorizeSettings, dataset: Dataset, devices: Devices) -> MemorizeDesign:
    """Return the design (all trainings) of a memorization study, checked against the data.

    Raises UsageError for settings that do not fit the data, such as a target that is a number or a metric
    other than accuracy. Raises DataError for fewer than 16 rows besides the test rows.
    """
    _check(settings, dataset)
    effort = MEMORIZE[settings.effort]
    plain = training_spec(settings, dataset)
    return MemorizeDesign(
        settings=settings,
        dataset=dataset,
        devices=devices,
        effort=effort,
        rule=find_rule(settings.optimizer),
        pairs=pairs(dataset, settings.seed, effort.pairs),
        arms=[*(Arm(share, "", plain) for share in effort.shares), *_limiting_arms(settings, dataset, plain)],
        seeds=seed_ranges.seeds("memorize.train", settings.seeds or effort.seeds),
    )


def plan(design: MemorizeDesign) -> MemorizePlan:
    """Return the result of a dry run: the networks that a memorization study would train."""
    facts = vars(design.facts())
    return MemorizePlan(
        study="memorize",
        estimated_seconds=design.estimated_seconds,
        data=data_facts(design.dataset),
        rows=design.row_counts,
        metric=design.metric,
        plan=PlannedMemorization(
            **facts,
            training_options=training_options(design.settings),
            arms=[PlannedArm(share=arm.share, limit=arm.limit or None) for arm in design.arms],
            runs=len(design.arms) * len(design.seeds),
            network_steps=design.network_steps,
        ),
    )


def _check(settings: MemorizeSettings, dataset: Dataset) -> None:
    if dataset.task != "classify":
        raise UsageError(
            f"Memorization of the target '{dataset.target}' is not defined.",
            "Memorization is measured by correct labels, and the target is a number.",
            "Name a target of classes, or give --task classify.",
            option="target",
            value=dataset.target,
            allowed="a target of classes",
        )
    if settings.metric not in (None, METRIC):
        raise UsageError(
            f"--metric {settings.metric} cannot be used.",
            "Memorization is measured by the accuracy, which counts correct labels.",
            "Leave --metric out.",
            option="metric",
            value=settings.metric,
            allowed=(METRIC,),
        )
    if len(dataset.development) < 2 * MIN_PAIRS:
        raise DataError(
            f"{len(dataset.development)} rows besides the test rows are too few.",
            "Memorization holds half of the rows out.",
            f"Give {2 * MIN_PAIRS} rows or more.",
        )


def _limiting_arms(settings: MemorizeSettings, dataset: Dataset, plain: TrainingSpec) -> list[Arm]:
    """Return groups of networks with one limit on memorization each.

    Each limit is tried with true labels and with a share NOISY_SHARE of random labels. A limit that the
    settings contain already is left out.
    """
    limited = {}
    network = plain.network
    if isinstance(network, Network) and not network.dropout and len(network.sizes) > 2:
        limited[f"dropout {DROPOUT:g}"] = replace(settings, net=f"{settings.net} dropout={DROPOUT}")
    if settings.l2 is None:
        limited[f"L2 {L2:g}"] = replace(settings, l2=L2)
    if not plain.augment:
        limited[f"noise {INPUT_NOISE:g}"] = replace(settings, augment=f"noise={INPUT_NOISE}")
    same_structure = share_structure([training_spec(changed, dataset) for changed in limited.values()])
    specs = [(limit, spec, "train") for limit, spec in zip(limited, same_structure, strict=True)]
    if not settings.early_stop:
        stopped = training_spec(replace(settings, early_stop=PATIENCE_EVALUATIONS), dataset)
        specs.append(("early stopping", stopped, "held out"))
    return [
        Arm(share, limit, spec, watch)
        for share in (0.0, NOISY_SHARE)
        for limit, spec, watch in reversed(specs)
    ]
