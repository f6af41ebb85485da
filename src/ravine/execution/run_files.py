"""What a study leaves in its run directory, and the parts its document shares with others."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from ravine.data import BUILTIN, Dataset
from ravine.data.read_table import file_and_part
from ravine.errors import DataError
from ravine.execution.saved_model import Model
from ravine.execution.settings import NetworkSettings, TrainSettings
from ravine.records.atomic_files import read_json, write_atomic, write_json
from ravine.records.content_hash import content_hash
from ravine.records.run_directory import RunDirectory
from ravine.records.toml_files import dump
from ravine.training import Streams

__all__ = [
    "absolute",
    "check_data",
    "data_document",
    "keep_plan",
    "keep_result",
    "kept_document",
    "split_document",
]

Settings = TypeVar("Settings", bound=NetworkSettings)

BEST = "best.toml"
COLUMNS = (
    "optimizer", "learning_rate", "schedule", "mean", "median", "sd", "interval_low", "interval_high", "tier",
    "n_seeds", "diverged", "steps_to_target", "reached_target", "at_edge", "sensitivity_width",
)  # fmt: skip


def data_document(dataset: Dataset) -> dict[str, Any]:
    """Return what was learned from."""
    return {
        "name": dataset.name,
        "sha256": dataset.sha256,
        "rows": len(dataset),
        "features": len(dataset.features),
        "task": dataset.task,
        "target": dataset.target,
        "classes": None if dataset.classes is None else [str(each) for each in dataset.classes],
        "notes": list(dataset.notes),
    }


def split_document(dataset: Dataset, streams: Streams) -> dict[str, int]:
    """Return how many rows train, validate and test."""
    train, valid = streams.sizes
    return {"train": train, "validation": valid, "test": len(dataset.test)}


def keep_plan(
    run: RunDirectory | None, verb: str, settings: NetworkSettings, dataset: Dataset, plan: dict[str, Any]
) -> None:
    """Write config.toml and plan.json, or, on resuming, refuse what is not what was begun.

    Raises DataError with the difference.
    """
    if run is None:
        return
    asked = absolute(settings).to_dict()
    if run.plan.exists():
        _check_settings(run, asked)  # first: other settings can hold out other test rows
    check_data(run, dataset)
    if run.plan.exists():
        before = read_json(run.plan)
        changed = [key for key in sorted({*before, *plan}) if _id(before.get(key)) != _id(plan.get(key))]
        if changed:
            raise DataError(
                "The plan of this run has changed since it began.",
                f"It differs in {', '.join(changed)}.",
                "Put the old configuration back, or begin a new run.",
            )
        run.update(state="running", pid=os.getpid())
        return
    write_atomic(run.config, dump(asked))
    write_json(run.plan, plan)
    run.update(
        verb=verb,
        settings=asked,
        data={"name": dataset.name, "sha256": dataset.sha256, "test": _test_id(dataset)},
        split_hash=content_hash([dataset.development, dataset.test, settings.validation]),
        seed=settings.seed,
    )


def check_data(run: RunDirectory, dataset: Dataset) -> None:
    """Raise DataError if the data are not those the run began with."""
    begun = run.metadata.get("data", {}).get("sha256")
    if begun is not None and begun != dataset.sha256:
        raise DataError(
            f"The data '{dataset.name}' have changed since this run began.",
            f"They were {begun[:12]}, they are {dataset.sha256[:12]}.",
            "Put the old file back, or begin a new run.",
        )

    held = run.metadata.get("data", {}).get("test")
    if held is not None and held != _test_id(dataset):
        raise DataError(
            f"The test rows of '{dataset.name}' have changed since this run began.",
            f"They were {held}, they are {_test_id(dataset)}.",
            "Put the old test file back, or begin a new run.",
        )


def _test_id(dataset: Dataset) -> str:
    """Tell the test rows from others: a test file of its own is no part of the data's sha256."""
    return content_hash([dataset.x[dataset.test], dataset.y[dataset.test]])


def _check_settings(run: RunDirectory, asked: dict[str, Any]) -> None:
    """Raise DataError if config.toml no longer says what the run began with."""
    begun = run.metadata.get("settings")
    if begun is None:  # killed before they were noted: nothing was trained yet
        run.update(settings=asked)
        return
    changed = [key for key in sorted({*begun, *asked}) if begun.get(key) != asked.get(key)]
    if changed:
        told = (f"{key} was {begun.get(key, 'not set')}, is {asked.get(key, 'not set')}" for key in changed)
        raise DataError(
            "The configuration of this run has changed since it began.",
            f"In config.toml {'; '.join(told)}.",
            "Put the old configuration back, or begin a new run.",
        )


def keep_result(
    run: RunDirectory | None, document: dict[str, Any], model: Model, best: TrainSettings | None
) -> None:
    """Write leaderboard, model and the winner's configuration; mark the run finished."""
    if run is None:
        return
    model.save(run.models)
    if best is not None:
        write_atomic(run.path / BEST, dump(absolute(best).to_dict()))
    write_json(run.leaderboard_json, document, sort=False)
    if "leaderboard" in document:
        write_atomic(run.leaderboard_csv, _csv(document["leaderboard"]))
    run.update(state="finished", summary=_summary(document))


def _summary(document: dict[str, Any]) -> dict[str, Any]:
    """What `ravine runs` shows of a finished run."""
    rows = document.get("leaderboard") or [document["result"]]
    tied = [row.get("setting", row["optimizer"]) for row in rows if row.get("tier") == rows[0].get("tier")]
    return {
        "winner": rows[0].get("setting", rows[0]["optimizer"]),
        "tied": tied[1:],
        "metric": document["metric"]["name"],
        "score": rows[0]["mean"],
    }


def _csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = (*["setting"] * ("setting" in rows[0]), *COLUMNS)
    writer.writerow(columns)
    for row in rows:
        low, high = row["interval"] or (None, None)
        flat = {**row, "interval_low": low, "interval_high": high}
        writer.writerow(["" if flat.get(name) is None else flat.get(name) for name in columns])
    return text.getvalue()


def absolute(settings: Settings) -> Settings:
    """Name files by their whole path, so that the configuration means the same from any folder."""

    def whole(text: str | None) -> str | None:
        if not text or text in BUILTIN or text == "-":
            return text
        path, part = file_and_part(text)
        return f"{path.resolve()}{part and f':{part}'}" if path.exists() else text

    return replace(settings, source=whole(settings.source) or "", test=whole(settings.test))


def _id(value: Any) -> str:
    return content_hash([value if value is not None else np.zeros(0)])


def kept_document(run: RunDirectory) -> dict[str, Any]:
    """Return the document of a finished run with its paths as they are now.

    They were written as typed then: the run may have been moved since, or be looked at from another folder.
    """
    document = read_json(run.leaderboard_json)
    before, now = str(document.get("run_dir") or "").rstrip("/"), str(run.path)

    def moved(path: Any) -> Any:
        inside = isinstance(path, str) and bool(before) and (path == before or path.startswith(f"{before}/"))
        return now + path[len(before) :] if inside else path

    paths = {key: moved(document[key]) for key in ("run_dir", "model", "config") if key in document}
    if "pictures" in document:
        paths["pictures"] = [moved(each) for each in document["pictures"]]
    return {**document, **paths}
