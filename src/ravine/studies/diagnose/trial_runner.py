"""Trials of changed settings: the original and changed trainings on the same seeds, compared in pairs.

A seed means the same split, initial weights and batch order for all trainings. Trainings that differ only in
numbers share one compiled program.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ravine.data import Dataset
from ravine.execution.base_settings import FixedTrainingSettings
from ravine.execution.context import RunContext
from ravine.execution.evaluation import test_scores
from ravine.execution.prepared_training import PreparedTraining, batches_for, prepare_training
from ravine.execution.result import Plain
from ravine.execution.score_summary import finite_or_none
from ravine.execution.training_spec import TrainingSpec, schedules_of, share_structure, training_spec
from ravine.optimizers import resolve
from ravine.records.record import Record
from ravine.statistics import compare_paired, holm
from ravine.studies.diagnose.result import PairedComparison
from ravine.training import Batches, Cohort, Runs, shape_for

__all__ = ["SIGNIFICANCE_LEVEL", "Trained", "TrialRunner", "compare_with_original", "with_changes"]

SIGNIFICANCE_LEVEL = 0.05  # of Holm's test over all remedies


@dataclass(frozen=True)
class Trained:
    """A training with its record of one run for each seed.

    stage, cohort: names of the cohort (runs in one program) that contains the runs. place: index of the first
    of these runs in the cohort.
    """

    prepared: PreparedTraining
    record: Record
    stage: str
    cohort: str
    place: int


@dataclass
class TrialRunner:
    """Trains variants of one training on given seeds. Variants with equal batches share one object."""

    original: PreparedTraining
    context: RunContext
    _batches: dict[Hashable, Batches] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._batches[_batch_settings(self.original.settings)] = self.original.batches

    def prepare(self, settings: FixedTrainingSettings, spec: TrainingSpec | None = None) -> PreparedTraining:
        """Return a variant of the training, ready to train. Raises UsageError if it does not fit the data."""
        key = _batch_settings(settings)
        if key not in self._batches:
            self._batches[key] = batches_for(settings, self.context.dataset)
        return prepare_training(settings, self.context.dataset, batches=self._batches[key], spec=spec)

    def with_changes(self, changes: Mapping[str, Plain]) -> FixedTrainingSettings:
        """Return the settings of the original training with some of them replaced."""
        return with_changes(self.original.settings, changes, self.context.dataset)

    def run_original(self, seeds: Sequence[int]) -> Record:
        """Train the original on each seed and return the record of the runs."""
        return self._train("prove", {"original": self.original.settings}, seeds)["original"].record

    def run(
        self,
        stage: str,
        variants: Mapping[str, FixedTrainingSettings],
        seeds: Sequence[int],
        keep_parameters: bool = False,
    ) -> dict[str, Trained]:
        """Train every variant on all seeds and return the trained variants by name."""
        steps = sum(self.prepare(settings).plan.steps for settings in variants.values())
        self.context.runner.total += steps * len(seeds)
        return self._train(stage, variants, seeds, keep_parameters)

    def test_scores(self, trained: Trained) -> np.ndarray:
        """Return the scores [seed] of a training on the test rows; NaN where a run diverged.

        The runs must have kept their parameters.
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
            [training_spec(settings, self.context.dataset) for settings in variants.values()]
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
    """Return settings with some of them replaced.

    Another optimizer keeps only the schedules of hyperparameters that it has.
    """
    # `replace` cannot check the types of fields that are named at run time; the settings check the values
    changed: FixedTrainingSettings = replace(settings, **changes)  # type: ignore[arg-type]
    if changed.optimizer == settings.optimizer or not changed.hyper_schedule:
        return changed
    hyper_schedule = schedules_of(
        changed.hyper_schedule, training_spec(changed, dataset), resolve(changed.optimizer)
    )
    return replace(changed, hyper_schedule=hyper_schedule)


def compare_with_original(
    before: np.ndarray, after: Mapping[str, np.ndarray], greater: bool, seed: int = 0
) -> dict[str, PairedComparison]:
    """Return the comparison of each changed training with the original, by name of the change.

    before, after: loss or score [seed], NaN where a run diverged. greater: whether a larger value is better.
    A change is confirmed if it is better on more seeds than it is worse, and if its p value, adjusted by
    Holm, is below 0.05.
    """
    results = {name: compare_paired(values, before, greater) for name, values in after.items()}
    adjusted = holm([result.p_value for result in results.values()])
    count = len(before)
    return {
        name: PairedComparison(
            before=_center(before, greater),
            after=_center(after[name], greater),
            difference=result.difference,
            interval=None if result.interval is None else [finite_or_none(end) for end in result.interval],
            better=round((result.p_better - result.p_equal / 2) * count),
            equal=round(result.p_equal * count),
            seeds=count,
            diverged_before=int(np.sum(~np.isfinite(before))),
            diverged_after=int(np.sum(~np.isfinite(after[name]))),
            p_value=result.p_value,
            p_holm=float(p_holm),
            confirmed=bool(p_holm < SIGNIFICANCE_LEVEL and result.p_better > 0.5),
        )
        for (name, result), p_holm in zip(results.items(), adjusted, strict=True)
    }


def _batch_settings(settings: FixedTrainingSettings) -> Hashable:
    """Return the settings on which rows and batches depend."""
    return (
        settings.batch_size, settings.scaling, settings.validation, settings.precision, settings.seed,
    )  # fmt: skip


def _center(values: np.ndarray, greater: bool) -> float | None:
    """Return the mean over seeds, the median if some runs diverged, None if half of the runs did."""
    if np.isfinite(values).all():
        return float(np.mean(values))
    worst = -np.inf if greater else np.inf
    return finite_or_none(float(np.median(np.where(np.isfinite(values), values, worst))))
