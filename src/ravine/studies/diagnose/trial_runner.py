"""Trainings with original and with changed settings on the same seeds, for a comparison seed by seed.

A seed means the same split, initial weights and batch order for all trainings. Trainings that differ only in
numbers, such as the learning rate, share one compiled program.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ravine.data import Dataset
from ravine.execution.context import RunContext
from ravine.execution.evaluation import test_scores
from ravine.execution.prepared_training import PreparedTraining, batches_for, prepare_training
from ravine.execution.result import Plain
from ravine.execution.training_settings import FixedTrainingSettings
from ravine.execution.training_spec import TrainingSpec, schedules_of, share_structure, training_spec
from ravine.optimizers import resolve, schedule
from ravine.records.record import Record
from ravine.training import Batches, Cohort, Runs, shape_for

__all__ = ["Trained", "TrialRunner", "source_columns", "with_changes", "without_columns"]


@dataclass(frozen=True)
class Trained:
    """A training with its record, which has one run for each seed.

    stage, cohort: stage and name of the cohort (runs in one compiled program) that contains these runs.
    place: index of the first of these runs in the cohort.
    """

    prepared: PreparedTraining
    record: Record
    stage: str
    cohort: str
    place: int


@dataclass
class TrialRunner:
    """Trainer of variants of the diagnosed training: trainings with changed settings, on given seeds.

    original: the diagnosed training. Variants with the same rows and batches share one `Batches` object.
    """

    original: PreparedTraining
    context: RunContext
    _batches: dict[Hashable, Batches] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._batches[_batch_settings(self.original.settings)] = self.original.batches

    def prepare(self, settings: FixedTrainingSettings, spec: TrainingSpec | None = None) -> PreparedTraining:
        """Return the training that changed settings describe, ready to train.

        spec: specification that other trainings share, or None to make one. Raises UsageError if the settings
        do not fit the data.
        """
        key, dataset = _batch_settings(settings), self.dataset_of(settings)
        if key not in self._batches:
            self._batches[key] = batches_for(settings, dataset)
        return prepare_training(settings, dataset, batches=self._batches[key], spec=spec)

    def dataset_of(self, settings: FixedTrainingSettings) -> Dataset:
        """Return the data that changed settings use.

        These are the data of the diagnosis, without the columns that only the changed settings leave out.
        """
        before = self.original.settings.drop or []
        return without_columns(
            self.context.dataset, [name for name in settings.drop or [] if name not in before]
        )

    def changes_nothing(self, settings: FixedTrainingSettings) -> bool:
        """Return whether changed settings lead to exactly the same training as the original settings.

        Raises UsageError if the settings do not fit the data.
        """
        first, second = self.original, self.prepare(settings)
        return (
            first.plan == second.plan
            and first.spec == second.spec
            and first.batches is second.batches
            and first.learning_rate == second.learning_rate
            and _same_schedule(first, second)
        )

    def with_changes(self, changes: Mapping[str, Plain]) -> FixedTrainingSettings:
        """Return the settings of the original training with some of them replaced.

        changes: names of settings with their new values.
        """
        return with_changes(self.original.settings, changes, self.context.dataset)

    def run_original(self, seeds: Sequence[int]) -> Record:
        """Train with the original settings on each seed; return the record of these runs, a row per seed."""
        return self._train("prove", {"original": self.original.settings}, seeds)["original"].record

    def run(
        self,
        stage: str,
        variants: Mapping[str, FixedTrainingSettings],
        seeds: Sequence[int],
        keep_parameters: bool = False,
    ) -> dict[str, Trained]:
        """Train several variants on all seeds and return the trained variants by name.

        stage: name under which progress is reported and the result lists the records. variants: changed
        settings by name. keep_parameters: whether to keep the trained weights, which scores on test rows
        need.
        """
        steps = sum(self.prepare(settings).plan.steps for settings in variants.values())
        self.context.runner.total += steps * len(seeds)
        return self._train(stage, variants, seeds, keep_parameters)

    def test_scores(self, trained: Trained) -> np.ndarray:
        """Return the scores [seed] of a trained variant on the test rows; NaN where a run diverged.

        The variant must have been trained with `keep_parameters`.
        """
        record = self.context.parameters_of(trained.stage, trained.cohort)
        runs = np.arange(trained.place, trained.place + len(trained.record))
        return test_scores(trained.prepared.plan, trained.prepared.batches, record, runs)

    def _train(
        self,
        stage: str,
        variants: Mapping[str, FixedTrainingSettings],
        seeds: Sequence[int],
        keep_parameters: bool = False,
    ) -> dict[str, Trained]:
        specs = share_structure(
            [training_spec(settings, self.dataset_of(settings)) for settings in variants.values()]
        )
        prepared = {
            name: self.prepare(settings, spec)
            for (name, settings), spec in zip(variants.items(), specs, strict=True)
        }
        groups: dict[Hashable, list[str]] = {}
        for name, variant in prepared.items():
            groups.setdefault((variant.plan, variant.spec.initial, id(variant.batches)), []).append(name)
        trained: dict[str, Trained] = {}
        for names in groups.values():
            first = prepared[names[0]]
            runs = Runs.concatenate([prepared[name].runs(seeds) for name in names])
            shape = shape_for(first.plan, first.batches, len(runs), len(seeds), self.context.devices)
            cohort = Cohort(first.plan, runs, first.batches, first.spec.initial, keep_parameters)
            title = ", ".join(names)
            record = self.context.train(stage, title, cohort, shape)
            for index, name in enumerate(names):
                place = index * len(seeds)
                own = record.select(np.arange(place, place + len(seeds)))
                trained[name] = Trained(prepared[name], own, stage, title, place)
        return {name: trained[name] for name in variants}


def with_changes(
    settings: FixedTrainingSettings, changes: Mapping[str, Plain], dataset: Dataset
) -> FixedTrainingSettings:
    """Return a copy of settings with some of them replaced.

    If the optimizer changes, only the schedules of hyperparameters that the new optimizer has are kept.
    changes: names of settings with their new values. dataset: data on which the network depends.
    """
    # `replace` cannot check the types of fields that are named at run time; the settings check the values
    changed: FixedTrainingSettings = replace(settings, **changes)  # type: ignore[arg-type]
    if changed.optimizer == settings.optimizer or not changed.hyper_schedule:
        return changed
    hyper_schedule = schedules_of(
        changed.hyper_schedule, training_spec(changed, dataset), resolve(changed.optimizer)
    )
    return replace(changed, hyper_schedule=hyper_schedule)


def _batch_settings(settings: FixedTrainingSettings) -> Hashable:
    """Return the settings on which rows and batches depend."""
    return (
        settings.batch_size, settings.scaling, settings.validation, settings.precision, settings.seed,
        tuple(settings.drop or ()),
    )  # fmt: skip


def _same_schedule(first: PreparedTraining, second: PreparedTraining) -> bool:
    """Return whether the schedules of two trainings of the same length have the same factors."""
    if first.schedule == second.schedule:
        return True
    specs = [schedule(prepared.schedule) for prepared in (first, second)]
    if any(spec.depends_on_loss for spec in specs):
        return False
    per_epoch = first.batches.sizes[0] / first.batches.batch_size
    factors = [spec.factors(first.plan.steps, per_epoch) for spec in specs]
    return bool(np.array_equal(factors[0], factors[1]))


def source_columns(dataset: Dataset, inputs: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the columns of the table from which some inputs of the network were encoded.

    inputs: names of inputs. A category, for example, is one column of the table and several inputs.
    """
    columns = dataset.encoder.columns
    return tuple(column.name for column in columns if {column.name, *column.outputs} & set(inputs))


def without_columns(dataset: Dataset, names: Sequence[str]) -> Dataset:
    """Return a data set without the named columns of its table, and without the inputs made from them."""
    if not names:
        return dataset
    left = tuple(column for column in dataset.encoder.columns if column.name not in names)
    encoder = replace(dataset.encoder, columns=left)
    rest = [dataset.features.index(name) for name in encoder.features]
    return replace(dataset, x=dataset.x[:, rest], features=encoder.features, encoder=encoder, shape=None)
