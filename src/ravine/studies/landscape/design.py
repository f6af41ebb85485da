"""The design of a landscape study: the trainings, and the measurements of the loss around trained weights.

A landscape study measures the loss on lines and planes in weight space through a center. The center is the
end of a training of the study, or the weights of a model that was trained before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import jax
import numpy as np

from ravine.data import Dataset
from ravine.engines import Devices
from ravine.errors import UsageError
from ravine.execution import seeds as seed_ranges
from ravine.execution.effort import TRAIN
from ravine.execution.length_advice import rounding_notes
from ravine.execution.loading import load
from ravine.execution.machine_speed import at_this_speed
from ravine.execution.prepared_training import batches_for
from ravine.execution.result import Plain
from ravine.execution.run_files import data_facts
from ravine.execution.training_spec import TrainingSpec, find_rules, training_options, training_spec
from ravine.execution.training_time import Training, estimated_seconds, forward_seconds
from ravine.networks import INITIALIZATIONS, AnyNetwork
from ravine.optimizers import schedule
from ravine.records.content_hash import content_hash
from ravine.studies.landscape.from_model import load_model_data, point_of_model
from ravine.studies.landscape.loss_point import LossPoint
from ravine.studies.landscape.result import (
    LandscapePlan,
    LandscapePlanFacts,
    PlannedOptimizer,
    PlannedTraining,
)
from ravine.studies.landscape.settings import LandscapeSettings
from ravine.studies.landscape.trajectories import with_snapshots
from ravine.training import Batches, Cohort, ProgramShape

__all__ = ["SLICES", "LandscapeDesign", "Trainings", "design", "load_data", "plan"]

MEASURE_S, PICTURES_S = 5.5, 2.0  # to compile all measurements, and to draw the pictures
BARRIER_POINTS = 4 * 41  # on a line between two solutions, coarse and fine, before and after matching
HESSIAN_PRODUCTS = 150  # of all eigenvectors
HESSIAN_PRODUCT_PASSES = 4  # forward passes that take as long as a product

SLICES = ("random 1", "random 2", "eigenvector 1", "eigenvector 2", "sharpest")
"""Names of the lines in weight space through the center, along which the loss is measured."""


@dataclass(frozen=True)
class Trainings:
    """The trainings of a landscape study: the runs of each optimizer, by name.

    A start is a seed of initial weights and batch order. The first optimizer trains from one or several
    starts, the others from the first start only. All runs train on the rows that the seed `rows_seed` draws.
    """

    batches: Batches
    spec: TrainingSpec
    rows_seed: int
    cohorts: dict[str, Cohort]

    @property
    def first(self) -> Cohort:
        """The runs of the first optimizer. Its first run ends at the center of the loss landscape."""
        return next(iter(self.cohorts.values()))

    @property
    def runs(self) -> int:
        """Number of networks that the landscape study trains."""
        return sum(len(cohort.runs) for cohort in self.cohorts.values())

    @property
    def network_steps(self) -> int:
        """Sum of the training steps of all networks of the landscape study."""
        return sum(len(cohort.runs) * cohort.plan.steps for cohort in self.cohorts.values())


@dataclass(frozen=True)
class LandscapeDesign:
    """The design of one landscape study, which measures the loss around a center in weight space.

    The center is the end of a training or the weights of a trained model. trainings: the runs to train; None
    if a model is measured. model_point: the model with its loss; None if networks are trained.
    """

    settings: LandscapeSettings
    dataset: Dataset
    trainings: Trainings | None
    model_point: LossPoint | None = field(default=None, repr=False)

    @property
    def network_steps(self) -> int:
        """Sum of the training steps of all networks of the study; 0 if a trained model is measured."""
        return 0 if self.trainings is None else self.trainings.network_steps

    @cached_property
    def estimated_seconds(self) -> float:
        """Estimated wall-clock seconds of the landscape study on this machine: trainings and measurements.

        A short measurement of the speed of the network gives the estimate.
        """
        facts, settings, network = self.facts(), self.settings, self.network
        line = 2 * settings.grid - 1
        points = len(facts.planes) * math.prod(facts.points) + len(facts.slices) * line
        points += facts.barriers * BARRIER_POINTS
        products = HESSIAN_PRODUCTS * HESSIAN_PRODUCT_PASSES
        passes = (points + products) * forward_seconds(network, facts.rows)
        measuring = at_this_speed(MEASURE_S + PICTURES_S) + passes
        cohorts = [] if self.trainings is None else list(self.trainings.cohorts.values())
        one = ProgramShape(1, 1, facts.rows, 1, 1)
        trainings = [Training(cohort.plan, one, len(cohort.runs)) for cohort in cohorts]
        return estimated_seconds(trainings, 1, measuring)

    @property
    def network(self) -> AnyNetwork:
        """The network whose loss the landscape study measures."""
        if self.model_point is not None:
            return self.model_point.network
        assert self.trainings is not None
        return self.trainings.first.plan.network

    @property
    def notes(self) -> list[str]:
        """A list with one sentence if the length of training differs from the requested epochs, else empty.

        The length is rounded to whole steps, and to a multiple of the number of steps between two times at
        which the parameters are stored. A difference of at most 1 % does not count.
        """
        training = self.facts().training
        if training is None:
            return []
        return rounding_notes(training.steps, training.epochs, self.settings.epochs)

    def line(self) -> str:
        """Return the planned work of the landscape study in one line: optimizers, network, steps, planes."""
        points = f"planes of {self.settings.grid} by {self.settings.grid} points"
        if self.trainings is None:
            return f"{self.network}, {points}"
        first = self.trainings.first.plan
        rules = [
            f"{cohort.plan.rule.title} at {cohort.runs.rate[0]:.3g}"
            for cohort in self.trainings.cohorts.values()
        ]
        return f"{', '.join(rules)}, {first.network}, {first.steps:,} steps, {points}"

    def plan_document(self) -> dict[str, Plain]:
        """Return the content of the file `plan.json`: the trainings of the study, or the model to measure.

        A model is recorded by a hash of its weights.
        """
        measured = {"grid": self.settings.grid, "span": self.settings.span}
        if self.model_point is not None:
            leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(self.model_point.params)]
            return {"model": content_hash(leaves), "rows": len(self.model_point.rows.x), **measured}
        assert self.trainings is not None
        trainings: list[Plain] = [
            {
                **cohort.plan.describe(),
                "learning_rate": float(cohort.runs.rate[0]),
                "schedule": str(cohort.runs.schedule[0]),
                "starts": cohort.runs.seed.tolist(),
            }
            for cohort in self.trainings.cohorts.values()
        ]
        return {"trainings": trainings, "rows_seed": self.trainings.rows_seed, **measured}

    def facts(self) -> LandscapePlanFacts:
        """Return the planned trainings of a landscape study and its planned measurements of the loss.

        A dry run shows these facts.
        """
        settings, trainings = self.settings, self.trainings
        planes = ["random", "eigenvectors"]
        training, rows, solutions = None, 0, 0
        if self.model_point is not None:
            rows = len(self.model_point.rows.x)
        if trainings is not None:
            first, rows, solutions = trainings.first.plan, trainings.batches.sizes[0], settings.solutions
            training = PlannedTraining(
                optimizers=[
                    PlannedOptimizer(
                        optimizer=name, learning_rate=float(cohort.runs.rate[0]), runs=len(cohort.runs)
                    )
                    for name, cohort in trainings.cohorts.items()
                ],
                schedule=str(schedule(settings.schedule)),
                steps=first.steps,
                epochs=first.steps * first.batch_size / rows,
                batch_size=first.batch_size,
                training_options=training_options(settings),
                runs=trainings.runs,
                network_steps=trainings.network_steps,
            )
            planes += ["trajectories", *["solutions"] * (solutions > 2)]
        return LandscapePlanFacts(
            network=str(self.network),
            parameters=self.network.parameters,
            rows=rows,
            training=training,
            slices=list(SLICES),
            planes=planes,
            points=[settings.grid, settings.grid],
            barriers=solutions * (solutions - 1) // 2,
        )


def load_data(settings: LandscapeSettings) -> Dataset:
    """Return the data set of a landscape study: the data to train on, or those to measure a trained model on.

    For a model, these are the data that the settings name, else the data of the model's run. Raises DataError
    and UsageError if the data or the model cannot be read or do not fit.
    """
    return load(settings) if settings.model is None else load_model_data(settings.model, settings)


def design(settings: LandscapeSettings, dataset: Dataset, devices: Devices) -> LandscapeDesign:
    """Return the design of a landscape study: its trainings, or the trained model to measure.

    Raises UsageError for settings that do not fit the data, and for data that are not those of the model's
    run. Raises DataError for a model that cannot be read or does not name the seed of its rows.
    """
    if settings.model is not None:
        return LandscapeDesign(settings, dataset, None, point_of_model(settings.model, settings, dataset))
    return LandscapeDesign(settings, dataset, _trainings(settings, dataset))


def _trainings(settings: LandscapeSettings, dataset: Dataset) -> Trainings:
    if not INITIALIZATIONS[settings.init].random:
        raise UsageError(
            f"A landscape cannot start from --init {settings.init}.",
            "The directions to plot are scaled like the weights, and most weights would be zero.",
            "Give another --init, such as he.",
        )
    rules = find_rules(settings.optimizers)
    batches, spec = batches_for(settings, dataset), training_spec(settings, dataset)
    steps = TRAIN.steps(batches.sizes[0], batches.batch_size, settings.epochs)
    starts = seed_ranges.seeds("landscape.train", settings.solutions)
    cohorts = {}
    for k, rule in enumerate(rules):
        train = with_snapshots(spec.plan(settings, dataset, rule, batches, steps))
        seeds = np.asarray(starts if k == 0 else starts[:1])
        runs = spec.runs(
            train,
            np.full(len(seeds), settings.learning_rate or rule.rate_center),
            np.full(len(seeds), str(schedule(settings.schedule))),
            seeds,
            {},
        )
        cohorts[rule.name] = Cohort(train, runs, batches, spec.initial, True)
    return Trainings(batches, spec, starts[0], cohorts)


def plan(design: LandscapeDesign) -> LandscapePlan:
    """Return the result of a dry run of a landscape study: its planned trainings and measurements."""
    return LandscapePlan(
        study="landscape",
        estimated_seconds=design.estimated_seconds,
        data=data_facts(design.dataset),
        model=design.settings.model,
        plan=design.facts(),
    )
