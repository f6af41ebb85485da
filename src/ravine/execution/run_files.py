"""The files of a run: configuration, plan, result, model, tables and pictures.

`write_or_check_plan` writes the plan, the list of all trainings, of a new run. On resuming, it refuses a plan
that has changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

import numpy as np

from ravine.data import Dataset
from ravine.data.writers.delimited_text import csv_text
from ravine.errors import DataError
from ravine.execution.base_settings import NetworkSettings
from ravine.execution.config_file import with_absolute_paths, write_config
from ravine.execution.own_code import code_files
from ravine.execution.result import ARRAYS, PREDICTIONS, Result
from ravine.execution.result_parts import DataFacts, SplitSizes
from ravine.execution.stored_result import save_result
from ravine.execution.study import Study
from ravine.options.fields import options_of
from ravine.records.content_hash import content_hash
from ravine.records.documents import check_object
from ravine.records.run_directory import BEST_MODEL, PLAN, RunDirectory
from ravine.records.toml_files import dump
from ravine.training import Batches, Plan

__all__ = [
    "check_data", "data_facts", "split_sizes", "write_or_check_plan", "write_result",
]  # fmt: skip

PICTURES = "pictures"

AnyResult = TypeVar("AnyResult", bound=Result)


def data_facts(dataset: Dataset) -> DataFacts:
    """Return the facts about a data set that results state: name, hash, sizes, task, classes and notes."""
    return DataFacts(
        name=dataset.name,
        sha256=dataset.sha256,
        rows=len(dataset),
        features=len(dataset.features),
        task=dataset.task,
        target=dataset.target,
        classes=None if dataset.classes is None else [str(label) for label in dataset.classes],
        notes=list(dataset.notes),
        unused=dataset.unused,
    )


def split_sizes(dataset: Dataset, batches: Batches, plan: Plan | None = None) -> SplitSizes:
    """Return the numbers of training and validation rows in the split of each seed, and of test rows.

    plan: plan of the training, for the number of rows on which its curves are measured.
    """
    train, valid = batches.sizes
    sizes = SplitSizes(train=train, validation=valid, test=len(dataset.test))
    return sizes if plan is None else replace(sizes, curves=batches.sampled_rows(plan))


def write_or_check_plan(
    run: RunDirectory, study: str, settings: NetworkSettings, dataset: Dataset, plan: Mapping[str, object]
) -> None:
    """Write config.toml and plan.json of a new run, or check that a resumed run still has the same plan.

    The plan is the list of all trainings. On resuming, settings, data and plan are compared with those at the
    start of the run. Raises DataError that names the difference. study: name of the study. plan: content of
    plan.json.
    """
    resolved = with_absolute_paths(settings).to_dict()
    resuming = run.has(PLAN)
    if resuming:
        _check_settings(run, settings, resolved)  # first: other settings can hold out other test rows
    check_data(run, dataset)
    if resuming:
        before = check_object(run.read_json(PLAN), f"'{run.path / PLAN}'")
        changed = [key for key in sorted({*before, *plan}) if _hash(before.get(key)) != _hash(plan.get(key))]
        if changed:
            raise DataError(
                "The plan of this run has changed since the run began.",
                f"The trainings planned now differ from its plan.json in {', '.join(changed)}.",
                "Put the old files back, use the version of ravine that began the run, or begin a new run.",
            )
        run.update(state="running")
        return
    write_config(run, settings)
    run.write_json(PLAN, plan)
    run.update(
        verb=study,
        settings=resolved,
        data={"name": dataset.name, "sha256": dataset.sha256, "test": _test_hash(dataset)},
        split_hash=content_hash([dataset.development, dataset.test, settings.validation]),
        code=code_files(settings),
        seed=settings.seed,
    )


def check_data(run: RunDirectory, dataset: Dataset) -> None:
    """Raise DataError if the data or the test rows have changed since the run began, by their hashes."""
    begun, test_hash = run.metadata.data.sha256, run.metadata.data.test
    if begun is not None and begun != dataset.sha256:
        raise DataError(
            f"The data '{dataset.name}' have changed since this run began.",
            f"Their SHA-256 began with {begun[:12]}, it now begins with {dataset.sha256[:12]}.",
            "Put the old file back, or begin a new run.",
        )
    if test_hash is not None and test_hash != _test_hash(dataset):
        raise DataError(
            f"The test rows of '{dataset.name}' have changed since this run began.",
            f"Their hash was {test_hash}, it is now {_test_hash(dataset)}.",
            "Put the old test file back, or begin a new run.",
        )


def _test_hash(dataset: Dataset) -> str:
    """Return a hash of the test rows. The hash of the data does not cover a separate test file."""
    return content_hash([dataset.x[dataset.test], dataset.y[dataset.test]])


def _check_settings(run: RunDirectory, settings: NetworkSettings, resolved: dict[str, object]) -> None:
    """Raise DataError if the settings have changed since the start of the run.

    resolved: the settings by key. An option that was added to Ravine since then had its default value.
    """
    begun = run.metadata.settings
    if begun is None:  # killed before the settings were recorded; nothing was trained
        run.update(settings=resolved)
        return
    defaults = {key: option.default for key, option in options_of(type(settings)).items()}
    begun = {
        **{key: value for key, value in defaults.items() if key in resolved and value is not None},
        **begun,
    }
    changed = [key for key in sorted({*begun, *resolved}) if begun.get(key) != resolved.get(key)]
    if changed:
        differences = (
            f"{key} was {begun.get(key, 'not set')}, is {resolved.get(key, 'not set')}" for key in changed
        )
        raise DataError(
            "The configuration of this run has changed since it began.",
            f"In config.toml {'; '.join(differences)}.",
            "Put the old configuration back, or begin a new run.",
        )


def write_result(
    run: RunDirectory, study: Study, result: AnyResult, picture_format: str = "png"
) -> AnyResult:
    """Write all files of a result into the run directory, and mark the run as finished.

    The files are model, arrays, predictions, configurations, tables, pictures and result.json. Returns the
    result with the paths of its pictures. picture_format: png, svg or pdf. Raises DataError if a file cannot
    be written; then the run keeps the files that it had.
    """
    artifacts = result.artifacts
    if study.draws:
        with run.drawing(PICTURES) as folder:
            paths = study.load("plots", "draw")(result, folder, picture_format)
        result = result.replace(pictures=[str(run.path / PICTURES / path.name) for path in paths])
    with run.writing_together():
        if artifacts.model is not None:
            for name, blob in artifacts.model.files().items():
                run.write(f"{BEST_MODEL}/{name}", blob)
        if artifacts.arrays:
            run.write_npz(ARRAYS, artifacts.arrays)
        if artifacts.predictions:
            run.write_npz(PREDICTIONS, artifacts.predictions)
        for name, settings in artifacts.configurations.items():
            run.write(name, dump(with_absolute_paths(settings).to_dict()))
        for name, table in result.tables().items():
            run.write(f"{name}.csv", csv_text(table))
        save_result(run, result)
        run.update(state="finished", summary=result.summary())
    return result


def _hash(value: object) -> str:
    return content_hash([value if value is not None else np.zeros(0)])
