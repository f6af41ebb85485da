"""The design of a diagnosis: the training or trained model to measure, and the seeds to try remedies on."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from ravine.data import Dataset
from ravine.data.metric_checks import check_metric_defined
from ravine.engines import Devices
from ravine.errors import DataError
from ravine.execution import seeds as seed_ranges
from ravine.execution.baseline_time import baseline_seconds
from ravine.execution.length_advice import rounding_notes
from ravine.execution.machine_speed import at_this_speed
from ravine.execution.model_metadata import ModelMetadata
from ravine.execution.prepared_training import PreparedTraining, prepare_training
from ravine.execution.result import Plain
from ravine.execution.result_parts import MetricFacts
from ravine.execution.run_files import data_facts, split_sizes
from ravine.execution.saved_model import Model
from ravine.execution.training_settings import FixedTrainingSettings
from ravine.execution.training_spec import training_options
from ravine.execution.training_time import COMPILE_S, Training, estimated_seconds, training_seconds
from ravine.networks import METRICS, default_loss
from ravine.studies.diagnose.instrumented_run import SPECTRUM_POINTS
from ravine.studies.diagnose.judgement import most_confirmable
from ravine.studies.diagnose.result import DiagnosedTraining, DiagnosePlan, PlannedDiagnosis, PlannedRuns
from ravine.studies.diagnose.settings import DiagnoseSettings
from ravine.training import ProgramShape, shape_for

__all__ = ["DiagnoseDesign", "design", "plan", "training_settings"]

MEASURE_S = 3.6  # to compile the measurements, and to measure
USUAL_REMEDIES = 1
MANY_REMEDIES = 8  # as many as several faults have together
MIN_PROOF_SEEDS = 2  # of a paired comparison


@dataclass(frozen=True)
class DiagnoseDesign:
    """The design of a diagnosis: the training or trained model to measure, and the seeds to try remedies on.

    prepared: the training to diagnose, with its rows. If a trained model is diagnosed, this is its training,
    with the model's network. model: the trained model to diagnose, or None if the diagnosis trains a network.
    seed: seed of the run that is measured.
    """

    settings: DiagnoseSettings
    dataset: Dataset
    devices: Devices
    prepared: PreparedTraining
    model: Model | None
    seed: int

    @property
    def original(self) -> FixedTrainingSettings:
        """The settings of the training to diagnose, without the options that only `ravine diagnose` has."""
        return self.prepared.settings

    @property
    def proves(self) -> bool:
        """Whether remedies are tried: they have at least 2 seeds, and no trained model is examined."""
        return self.settings.seeds >= MIN_PROOF_SEEDS and self.model is None

    @property
    def seeds(self) -> list[int]:
        """Seeds on which the original training and every remedy are trained; empty if no remedy is tried."""
        return seed_ranges.seeds("diagnose.prove", self.settings.seeds) if self.proves else []

    @property
    def fresh_seeds(self) -> list[int]:
        """Fresh seeds on which the best remedy must be confirmed before it is recommended.

        The list is empty if no remedy is tried.
        """
        return seed_ranges.seeds("diagnose.confirm", self.settings.seeds) if self.proves else []

    @property
    def few_seeds(self) -> str | None:
        """Warning that the seeds are too few to confirm one of many remedies; None if they suffice.

        It is also None if no remedy is tried.
        """
        most = most_confirmable(len(self.seeds))
        if not self.proves or most >= MANY_REMEDIES:
            return None
        seeds, ways = len(self.seeds), "Give --seeds 20, or --no-proof to try no remedy."
        if not most:
            return f"{seeds} seeds cannot confirm a remedy, even one that is better on all of them. {ways}"
        number = "two remedies are" if most == 1 else f"{most + 1} remedies are"
        return f"{seeds} seeds cannot confirm a remedy if {number} tried, or more. {ways}"

    @property
    def network_steps(self) -> int:
        """Number of planned training steps: those of the original training on all seeds for remedies.

        It is 0 if no remedy is tried. The measured run is not included, nor are the remedies and their
        confirmation, which depend on the faults that are found.
        """
        return len(self.seeds) * self.prepared.plan.steps

    @cached_property
    def estimated_seconds(self) -> float:
        """Estimated wall-clock seconds of the diagnosis on this machine, from a short test of its speed.

        The number of remedies depends on the faults that are found; one is assumed.
        """
        plan, count = self.prepared.plan, len(self.seeds)
        measuring = at_this_speed(MEASURE_S)
        if self.model is None:
            one = ProgramShape(1, 1, self.prepared.batches.sizes[1], 1, 1)
            measuring += training_seconds(Training(plan, one, 1), 1)
        if self.settings.baselines:
            measuring += baseline_seconds(self.dataset, self.prepared.batches.sizes[0], 1 + count)
        if not self.proves:
            return estimated_seconds([], self.devices.count, measuring)
        shape = shape_for(plan, self.prepared.batches, count, count, self.devices)
        remedies = USUAL_REMEDIES * (
            at_this_speed(COMPILE_S) + training_seconds(Training(plan, shape, count), self.devices.count)
        )
        return estimated_seconds([Training(plan, shape, 3 * count)], self.devices.count, measuring + remedies)

    @property
    def metric(self) -> MetricFacts:
        """Facts on the score: its name, its direction, and the smallest difference of scores that matters."""
        return MetricFacts.of(METRICS[self.prepared.plan.metric], self.settings.smallest_difference)

    @property
    def notes(self) -> list[str]:
        """List with one sentence if the epochs of the settings are rounded to whole steps; else empty."""
        if self.model is not None:
            return []
        train = self.prepared.plan
        epochs = train.steps * train.batch_size / self.prepared.batches.sizes[0]
        return rounding_notes(train.steps, epochs, self.settings.epochs)

    def line(self) -> str:
        """Return the planned training in one line for the terminal: optimizer, network, steps and epochs.

        For a trained model, the line names the network alone.
        """
        train = self.prepared.plan
        if self.model is not None:
            return f"{train.network}, measured"
        epochs = train.steps * train.batch_size / self.prepared.batches.sizes[0]
        length = f"{train.steps:,} steps ({epochs:.3g} epochs)"
        return f"{self.prepared.rule.title}, {train.network}, {length}, measured"

    def plan_document(self) -> dict[str, Any]:
        """Return the content of the file `plan.json`: the training, and the number of seeds for remedies.

        The training is described by optimizer, network, loss, score, batch size, number of steps and
        precision.
        """
        return {**self.prepared.plan.describe(), "seeds": self.settings.seeds}

    def facts(self) -> DiagnosedTraining:
        """Return optimizer, learning rate, schedule, length and network of the training that is diagnosed.

        For a trained model, they are those of its own training; facts that its file lacks are None.
        """
        train = self.prepared.plan
        metadata = ModelMetadata(
            optimizer=train.rule.name,
            learning_rate=self.prepared.learning_rate,
            schedule=self.prepared.schedule,
            steps=train.steps,
            batch_size=train.batch_size,
        )
        if self.model is not None:
            metadata = self.model.metadata
        steps, batch_size = metadata.steps, metadata.batch_size
        epochs = None
        if steps is not None and batch_size is not None:
            epochs = steps * batch_size / self.prepared.batches.sizes[0]
        return DiagnosedTraining(
            optimizer=metadata.optimizer,
            learning_rate=metadata.learning_rate,
            schedule=metadata.schedule,
            steps=metadata.steps,
            epochs=epochs,
            batch_size=metadata.batch_size,
            network=str(train.network),
            parameters=train.network.parameters,
            seeds=len(self.seeds),
        )


def training_settings(settings: DiagnoseSettings) -> FixedTrainingSettings:
    """Return the settings of the diagnosed training: one seed, no options that only `diagnose` has."""
    values = {item.name: getattr(settings, item.name) for item in fields(FixedTrainingSettings)}
    return FixedTrainingSettings(**{**values, "seeds": 1})


def design(settings: DiagnoseSettings, dataset: Dataset, devices: Devices) -> DiagnoseDesign:
    """Return the design of a diagnosis: the training or trained model to measure, checked against the data.

    Raises DataError if all rows outside the test set have one class, or if the score is not defined on
    validation or test rows. Raises DataError also for a trained model that cannot be read or was trained on
    other rows. Raises UsageError for settings that do not fit the data.
    """
    _check_classes(dataset)
    prepared, model = prepare_training(training_settings(settings), dataset), None
    seed = _first_seed(settings)
    if settings.model is not None:
        model = Model.load(settings.model, settings.trust)
        seed = seed if model.metadata.seed is None else model.metadata.seed
        prepared = _prepare_model(model, prepared, dataset, settings.model, seed)
    designed = DiagnoseDesign(settings, dataset, devices, prepared, model, seed)
    check_metric_defined(
        dataset,
        METRICS[prepared.plan.metric],
        [seed, *designed.seeds, *designed.fresh_seeds],
        settings.validation,
    )
    return designed


def _first_seed(settings: DiagnoseSettings) -> int:
    """Return the first seed of the training that the settings describe, as `ravine train` uses it."""
    return seed_ranges.first_seed(seed_ranges.training_purpose(settings.winner_of, settings.fresh_seeds))


def plan(design: DiagnoseDesign) -> DiagnosePlan:
    """Return the result of a dry run of a diagnosis: the training, its measurements, the networks to train.

    The number of remedies depends on the faults that will be found. The field `each_remedy` therefore counts
    the networks of a single remedy.
    """
    trains, seeds = design.model is None, len(design.seeds)
    points = design.prepared.plan.evaluations + 1 if trains else 1
    options: dict[str, Plain] = training_options(design.original) if trains else {}
    return DiagnosePlan(
        study="diagnose",
        estimated_seconds=design.estimated_seconds,
        data=data_facts(design.dataset),
        split=split_sizes(design.dataset, design.prepared.batches, design.prepared.plan),
        metric=design.metric,
        plan=PlannedDiagnosis(
            **vars(design.facts()),
            training_options=options,
            points=points,
            spectra=sum(point < points for point in SPECTRUM_POINTS),
            few_seeds=design.few_seeds,
            runs=PlannedRuns(measured=int(trains), original=seeds, each_remedy=seeds, confirm=2 * seeds),
        ),
        model=design.settings.model,
    )


def _check_classes(dataset: Dataset) -> None:
    """Raise DataError for training rows of a single class."""
    if dataset.task == "classify" and len(np.unique(dataset.y[dataset.development])) < 2:
        raise DataError(
            "All rows outside the test set have one class.",
            "A network cannot learn from rows of one class, so a verdict on the network would mean nothing.",
            "Give rows of at least two classes.",
        )


def _prepare_model(
    model: Model, prepared: PreparedTraining, dataset: Dataset, path: str, seed: int
) -> PreparedTraining:
    """Return the training to diagnose, with its network replaced by that of a trained model.

    Raises DataError if the training rows of the model are not known.
    """
    data = model.metadata.data
    if data is None or data.sha256 != dataset.sha256:
        raise DataError(
            f"The model '{path}' was trained on other or unknown data.",
            "It does not name its training data."
            if data is None
            else f"It was trained on '{data.name}' with other content, or not on '{dataset.name}'.",
            "Name the data that the model was trained on.",
        )
    scaler = prepared.batches.data(seed).scaler
    for name in ("mean", "scale", "fill"):
        expected, own = getattr(scaler, name), np.asarray(getattr(model.scaler, name))
        if expected.shape != own.shape or not np.allclose(expected, own, rtol=1e-9):
            raise DataError(
                f"The training rows of the model '{path}' are not known.",
                "The scaling of its inputs does not fit the training rows that the given settings select.",
                "Give --seed, --test, --validation, --drop and --scaling as in the training of the model.",
            )
    spec = replace(
        prepared.spec, network=model.network, numbers=dict(model.trained.hyper), transforms=(),
        label_smoothing=False, augment=(), tail=None,
    )  # fmt: skip
    train = replace(
        prepared.plan, network=model.network, precision=model.trained.precision, transforms=(),
        loss=model.metadata.loss or default_loss(model.task), label_smoothing=False, augment=(), image=None,
    )  # fmt: skip
    return replace(prepared, spec=spec, plan=train)
