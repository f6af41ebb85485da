"""The design of a training: the same network on every seed, without tuning."""

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
from ravine.execution.prepared_training import PreparedTraining, prepare_training
from ravine.execution.result import MetricFacts
from ravine.execution.run_files import data_facts, split_sizes
from ravine.execution.training_spec import around_of
from ravine.networks import METRICS
from ravine.optimizers import schedule
from ravine.studies.train.result import Layer, ScheduleCurve, ScheduledValue, TrainingFacts, TrainPlan
from ravine.studies.train.schedule_plot import draw_schedules
from ravine.studies.train.settings import TrainSettings
from ravine.training import Cohort, ProgramShape, shape_for

__all__ = ["TrainDesign", "design", "plan"]

CURVE_POINTS = 257  # of a schedule: 4 k + 1 hold its quarters


@dataclass(frozen=True)
class TrainDesign:
    """One training, fixed: what is run, on which seeds."""

    settings: TrainSettings
    dataset: Dataset
    devices: Devices
    prepared: PreparedTraining
    seeds: list[int]

    @property
    def network_steps(self) -> int:
        """Steps of all networks together."""
        return len(self.seeds) * self.prepared.plan.steps

    @cached_property
    def cohort(self) -> Cohort:
        """All runs."""
        made = self.prepared
        return Cohort(made.plan, made.runs(self.seeds), made.batches, made.recipe.initial, True)

    @cached_property
    def shape(self) -> ProgramShape:
        """The shape of the compiled program."""
        count = len(self.seeds)
        return shape_for(self.prepared.plan, self.prepared.batches, count, count, self.devices)

    @property
    def metric(self) -> MetricFacts:
        """The score."""
        return MetricFacts.of(METRICS[self.prepared.plan.metric])

    def line(self) -> str:
        """Return what is going to be done, in one line."""
        made = self.prepared
        what = f"{made.rule.title} at {made.learning_rate:.3g}, {made.plan.network}"
        return f"{what}, {made.plan.steps:,} steps"

    def plan_document(self) -> dict[str, Any]:
        """Return what `plan.json` holds."""
        made = self.prepared
        return {**made.plan.describe(), "seeds": self.seeds, "rate": made.learning_rate}

    def facts(self) -> TrainingFacts:
        """Return what is trained, and for how long."""
        train, batches = self.prepared.plan, self.prepared.batches
        return TrainingFacts(
            runs=self.settings.seeds,
            network_steps=self.network_steps,
            steps=train.steps,
            epochs=train.steps * train.batch_size / batches.sizes[0],
            batch_size=train.batch_size,
            network=str(train.network),
            parameters=train.network.parameters,
            layers=[
                Layer(layer=name, output=list(shape), parameters=count)
                for name, shape, count in train.network.layers()
            ],
            rates=self._rates(),
            around=around_of(self.settings),
        )

    @property
    def scheduled(self) -> dict[str, ScheduledValue]:
        """Hyperparameters besides the learning rate that follow a schedule."""
        made = self.prepared
        values = {**made.recipe.numbers, **made.rule.defaults}
        return {
            name: ScheduledValue(value=float(values[name]), schedule=text)
            for name, text in made.recipe.hyper_schedules.items()
        }

    def schedules(self) -> list[ScheduleCurve]:
        """Return learning rate and other scheduled hyperparameters over a run."""
        made = self.prepared
        rate = ScheduledValue(value=made.learning_rate, schedule=made.schedule)
        return [self._curve(what, each) for what, each in {"learning rate": rate, **self.scheduled}.items()]

    def _curve(self, what: str, scheduled: ScheduledValue) -> ScheduleCurve:
        steps, batches = self.prepared.plan.steps, self.prepared.batches
        per_epoch = batches.sizes[0] / batches.batch_size
        spec = schedule(scheduled.schedule)
        epochs, values = None, None
        if not spec.depends_on_loss:
            places = np.unique(np.round(np.linspace(0, steps - 1, CURVE_POINTS)).astype(int))
            epochs = (places / per_epoch).tolist()
            values = (scheduled.value * spec.factors(steps, per_epoch)[places]).tolist()
        return ScheduleCurve(
            what=what,
            schedule=scheduled.schedule,
            steps=steps,
            total_epochs=steps / per_epoch,
            epochs=epochs,
            values=values,
        )

    def _rates(self) -> list[float] | None:
        """Return the learning rate at the first step and before each evaluation; None for a plateau."""
        train, batches = self.prepared.plan, self.prepared.batches
        spec = schedule(self.settings.schedule)
        if spec.depends_on_loss:
            return None
        factors = spec.factors(train.steps, batches.sizes[0] / batches.batch_size)
        steps = [0, *range(train.steps_per_evaluation - 1, train.steps, train.steps_per_evaluation)]
        return [self.prepared.learning_rate * float(factors[step]) for step in dict.fromkeys(steps)]


def design(settings: TrainSettings, dataset: Dataset, devices: Devices) -> TrainDesign:
    """Return the design of a training. Raises UsageError, DataError for what does not fit."""
    made = prepare_training(settings, dataset)
    seeds = seed_ranges.seeds("train.train", settings.seeds)
    check_metric_defined(dataset, METRICS[made.plan.metric], seeds, settings.validation)
    return TrainDesign(settings, dataset, devices, made, seeds)


def plan(design: TrainDesign) -> TrainPlan:
    """Return what training would do, and draw its schedules if the settings name a picture."""
    made, picture = design.prepared, design.settings.plot_schedule
    if picture is not None:
        draw_schedules(design.schedules(), Path(picture))
    return TrainPlan(
        study="train",
        data=data_facts(design.dataset),
        split=split_sizes(design.dataset, made.batches),
        metric=design.metric,
        plan=design.facts(),
        optimizer=made.rule.name,
        learning_rate=made.learning_rate,
        schedule=made.schedule,
        hyper_schedules=design.scheduled,
        schedules=design.schedules(),
        picture=picture,
    )
