"""A training prepared from settings: optimizer, network, transforms, batches, plan (compiled part), runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ravine.data import Dataset
from ravine.execution.base_settings import NetworkSettings
from ravine.execution.effort import TRAIN, Effort, batch_size_for
from ravine.execution.training_settings import FixedTrainingSettings
from ravine.execution.training_spec import (
    TrainingSpec,
    check_patience,
    check_schedules,
    find_rule,
    training_spec,
)
from ravine.optimizers import Rule, schedule
from ravine.training import Batches, Plan, Runs

__all__ = ["PreparedTraining", "batches_for", "prepare_training"]


@dataclass(frozen=True)
class PreparedTraining:
    """A training without tuning, ready to run on any seeds.

    rule: the optimizer. spec: network, transforms and early stopping. batches: the rows of every seed. plan:
    structure for which the program is compiled.
    """

    settings: FixedTrainingSettings
    rule: Rule
    spec: TrainingSpec
    batches: Batches
    plan: Plan

    @property
    def learning_rate(self) -> float:
        """The learning rate of the settings, else the usual one of the optimizer."""
        return float(self.settings.learning_rate or self.rule.rate_center)

    @property
    def schedule(self) -> str:
        """The schedule of the learning rate as standard text, such as `cosine` for its alias `decay`."""
        return str(schedule(self.settings.schedule))

    def runs(self, seeds: Sequence[int] | np.ndarray) -> Runs:
        """Return the runs of this training, one for each of `seeds` [run], with equal hyperparameters."""
        count = len(seeds)
        return self.spec.runs(
            self.plan,
            np.full(count, self.learning_rate),
            np.full(count, self.schedule),
            np.asarray(seeds),
            {},
        )


def prepare_training(
    settings: FixedTrainingSettings,
    dataset: Dataset,
    *,
    batches: Batches | None = None,
    spec: TrainingSpec | None = None,
    effort: Effort = TRAIN,
) -> PreparedTraining:
    """Return the training that settings describe.

    batches, spec: batches and specification that another training already has, to share them; None makes new
    ones. effort: amount of work that sets the number of steps if the settings have no epochs. Raises
    UsageError for settings that do not fit the data or one another.
    """
    rule = find_rule(settings.optimizer)
    batches = batches if batches is not None else batches_for(settings, dataset)
    spec = spec if spec is not None else training_spec(settings, dataset)
    check_patience(settings)
    check_schedules(spec, [rule])
    steps = effort.steps(batches.sizes[0], batches.batch_size, settings.epochs)
    return PreparedTraining(settings, rule, spec, batches, spec.plan(settings, dataset, rule, batches, steps))


def batches_for(settings: NetworkSettings, dataset: Dataset) -> Batches:
    """Return the batches of a data set with the split, batch size and scaling that settings ask for.

    Without a batch size in the settings, it follows from the number of training rows.
    """
    sizes = Batches(dataset, settings.seed, 1, settings.precision, settings.validation).sizes
    return Batches(
        dataset,
        settings.seed,
        settings.batch_size or batch_size_for(sizes[0]),
        settings.precision,
        settings.validation,
        settings.scaling or "standard",
    )
