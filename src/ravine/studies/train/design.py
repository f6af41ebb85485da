"""The design of `ravine train`: it trains one network on each seed, without tuning.

The design holds data, training and seeds, and estimates the time. It serves the run and its dry run.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ravine.data import Dataset
from ravine.data.metric_checks import check_metric_defined
from ravine.engines import Devices
from ravine.execution import seeds as seed_ranges
from ravine.execution.baseline_time import baseline_seconds
from ravine.execution.prepared_training import PreparedTraining, prepare_training
from ravine.execution.result_parts import MetricFacts
from ravine.execution.run_files import data_facts, split_sizes
from ravine.execution.training_spec import training_options
from ravine.execution.training_time import Training, estimated_seconds
from ravine.execution.winner_digest import chosen_by
from ravine.networks import METRICS
from ravine.optimizers import schedule
from ravine.studies.train.result import Layer, ScheduleCurve, ScheduledValue, TrainingFacts, TrainPlan
from ravine.studies.train.schedule_plot import draw_schedules
from ravine.studies.train.settings import TrainSettings
from ravine.training import Cohort, ProgramShape, shape_for

__all__ = ["TrainDesign", "design", "plan"]

CURVE_POINTS = 257  # of a schedule; 4 k + 1 points include its quarters


@dataclass(frozen=True)
class TrainDesign:
    """The design of a training: settings, data and seeds.

    One network is trained on each seed, without tuning.
    """

    settings: TrainSettings
    dataset: Dataset
    devices: Devices
    prepared: PreparedTraining
    seeds: list[int]

    @property
    def network_steps(self) -> int:
        """Number of training steps of all networks together."""
        return len(self.seeds) * self.prepared.plan.steps

    @cached_property
    def cohort(self) -> Cohort:
        """The runs of a training, one for each seed, which train side by side."""
        prepared = self.prepared
        return Cohort(prepared.plan, prepared.runs(self.seeds), prepared.batches, prepared.spec.initial, True)

    @cached_property
    def shape(self) -> ProgramShape:
        """Sizes of the compiled program of the training, such as the number of runs that advance together."""
        count, size = len(self.seeds), self.settings.group_size
        return shape_for(self.prepared.plan, self.prepared.batches, count, count, self.devices, size)

    @cached_property
    def estimated_seconds(self) -> float:
        """Estimated wall-clock seconds of the training on this machine, from a short measurement of speed.

        They include the baselines, if the settings ask for them.
        """
        plan, batches, count = self.prepared.plan, self.prepared.batches, len(self.seeds)
        baselines = 0.0
        if self.settings.baselines:
            baselines = baseline_seconds(self.dataset, batches.sizes[0], count)
        return estimated_seconds([Training(plan, self.shape, count)], self.devices.count, baselines)

    @property
    def metric(self) -> MetricFacts:
        """The score of the networks: its name, its direction, and the smallest difference that matters."""
        return MetricFacts.of(METRICS[self.prepared.plan.metric], self.settings.smallest_difference)

    @property
    def notes(self) -> list[str]:
        """An empty list: report and dry run of a training name a rounded number of epochs themselves."""
        return []

    def line(self) -> str:
        """Return a summary of the training in one line: optimizer, learning rate, network and steps."""
        prepared = self.prepared
        optimizer = f"{prepared.rule.title} at {prepared.learning_rate:.3g}, {prepared.plan.network}"
        return f"{optimizer}, {prepared.plan.steps:,} steps"

    def plan_document(self) -> dict[str, Any]:
        """Return the content of `plan.json` of a training: its compiled part, seeds and learning rate."""
        prepared = self.prepared
        return {**prepared.plan.describe(), "seeds": self.seeds, "learning_rate": prepared.learning_rate}

    def facts(self) -> TrainingFacts:
        """Return length, network and learning rates of the training, as its result reports them."""
        train, batches = self.prepared.plan, self.prepared.batches
        return TrainingFacts(
            runs=self.settings.seeds,
            network_steps=self.network_steps,
            steps=train.steps,
            epochs=train.steps * train.batch_size / batches.sizes[0],
            requested_epochs=self.settings.epochs,
            batch_size=train.batch_size,
            network=str(train.network),
            parameters=train.network.parameters,
            layers=[
                Layer(layer=name, output=list(shape), parameters=count)
                for name, shape, count in train.network.layers()
            ],
            rates=self._rates(),
            training_options=training_options(self.settings),
            seeds=self.seeds,
            winner_of=chosen_by(self.settings),
        )

    @property
    def scheduled(self) -> dict[str, ScheduledValue]:
        """Hyperparameters besides the learning rate that follow a schedule, by name: value and schedule."""
        prepared = self.prepared
        values = {**prepared.spec.numbers, **prepared.rule.defaults}
        return {
            name: ScheduledValue(value=float(values[name]), schedule=text)
            for name, text in prepared.spec.hyper_schedules.items()
        }

    def schedules(self) -> list[ScheduleCurve]:
        """Return the values of learning rate and other scheduled hyperparameters at up to 257 steps of a run.

        A curve has no values if its schedule depends on the loss.
        """
        prepared = self.prepared
        rate = ScheduledValue(value=prepared.learning_rate, schedule=prepared.schedule)
        return [self._curve(what, value) for what, value in {"learning rate": rate, **self.scheduled}.items()]

    def _curve(self, what: str, scheduled: ScheduledValue) -> ScheduleCurve:
        steps, batches = self.prepared.plan.steps, self.prepared.batches
        per_epoch = batches.sizes[0] / batches.batch_size
        spec = schedule(scheduled.schedule)
        epochs, values = None, None
        if not spec.depends_on_loss:
            steps_shown = np.unique(np.round(np.linspace(0, steps - 1, CURVE_POINTS)).astype(int))
            epochs = (steps_shown / per_epoch).tolist()
            values = (scheduled.value * spec.factors(steps, per_epoch)[steps_shown]).tolist()
        return ScheduleCurve(
            what=what,
            schedule=scheduled.schedule,
            steps=steps,
            total_epochs=steps / per_epoch,
            epochs=epochs,
            values=values,
        )

    def _rates(self) -> list[float] | None:
        """Return the learning rates at the first step and at each evaluation.

        The value is None for a schedule that depends on the loss.
        """
        train, batches = self.prepared.plan, self.prepared.batches
        spec = schedule(self.settings.schedule)
        if spec.depends_on_loss:
            return None
        factors = spec.factors(train.steps, batches.sizes[0] / batches.batch_size)
        steps = [0, *range(train.steps_per_evaluation - 1, train.steps, train.steps_per_evaluation)]
        return [self.prepared.learning_rate * float(factors[step]) for step in dict.fromkeys(steps)]


def design(settings: TrainSettings, dataset: Dataset, devices: Devices) -> TrainDesign:
    """Return the design of a training with its seeds, checked against the data.

    Raises UsageError for settings that do not fit the data, DataError if the metric is undefined on test or
    validation rows.
    """
    prepared = prepare_training(settings, dataset)
    purpose = seed_ranges.training_purpose(settings.winner_of, settings.fresh_seeds)
    seeds = seed_ranges.seeds(purpose, settings.seeds)
    check_metric_defined(dataset, METRICS[prepared.plan.metric], seeds, settings.validation)
    return TrainDesign(settings, dataset, devices, prepared, seeds)


def plan(design: TrainDesign) -> TrainPlan:
    """Return the result of a dry run of a training.

    If the settings name a file for the figure of the schedules, write this figure.
    """
    prepared, picture = design.prepared, design.settings.plot_schedule
    if picture is not None:
        draw_schedules(design.schedules(), Path(picture))
    return TrainPlan(
        study="train",
        estimated_seconds=design.estimated_seconds,
        data=data_facts(design.dataset),
        split=split_sizes(design.dataset, prepared.batches, prepared.plan),
        metric=design.metric,
        plan=design.facts(),
        optimizer=prepared.rule.name,
        learning_rate=prepared.learning_rate,
        schedule=prepared.schedule,
        hyper_schedules=design.scheduled,
        schedules=design.schedules(),
        picture=picture,
    )
