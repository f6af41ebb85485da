"""A trained model with the rows to look at it on: those it was trained on, or those named beside it."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from ravine.data import Dataset, Table, read
from ravine.errors import DataError, UsageError, did_you_mean
from ravine.execution.base_settings import NetworkSettings
from ravine.execution.loading import load
from ravine.execution.run_files import check_data, data_document
from ravine.execution.saved_model import Model
from ravine.optimizers import Rule, resolve, schedule
from ravine.records.run_directory import RunDirectory
from ravine.records.run_index import RUN_FILE, find_run
from ravine.records.toml_files import load as load_toml
from ravine.studies.compare.design import streams_for
from ravine.studies.landscape.loss_point import Viewpoint
from ravine.studies.landscape.settings import LandscapeSettings
from ravine.training import Rows

__all__ = ["view_of_model"]


def view_of_model(
    model: str | Path, settings: LandscapeSettings, dataset: Dataset | None = None
) -> tuple[Viewpoint, dict[str, Any]]:
    """Return the view from a model, and its data's document.

    Rows: those of `settings.source` if it is named, else those the run trained on. Raises DataError,
    UsageError.
    """
    loaded = Model.load(model)
    if settings.source or dataset is not None:
        rows, about = _named_rows(loaded, settings, dataset)
        per_epoch = 1.0
    else:
        rows, about, per_epoch = _own_rows(loaded, model)
    rule, rate = _rule(loaded, per_epoch)
    network = loaded.network
    numbers = {name: float(loaded.trained.numbers[name]) for name in ("slope",) if name in network.needs}
    loss = "cross_entropy" if loaded.classes is not None else "squared_error"
    steps = loaded.about.get("steps")
    asked = loaded.about.get("learning_rate")
    view = Viewpoint(
        network, loaded.trained.params, loss, rows, numbers, rule, rate, str(model), steps, asked=asked
    )
    return view, about


def _rule(model: Model, per_epoch: float) -> tuple[Rule | None, float | None]:
    """Return the rule a model was trained with and the rate of its last step, as far as the model says."""
    about = model.about
    if "optimizer" not in about or "learning_rate" not in about:
        return None, None
    rule = resolve(about["optimizer"])
    tuned = {
        name: value for name, value in (about.get("hyperparameters") or {}).items() if name in rule.defaults
    }
    spec, steps = schedule(about.get("schedule") or "constant"), int(about.get("steps") or 1)
    if spec.depends_on_loss:  # the rate at its end depends on how training went, which the model does not say
        return rule.having(tuned), None
    return rule.having(tuned), float(about["learning_rate"]) * float(spec.factors(steps, per_epoch)[-1])


def _own_rows(model: Model, path: str | Path) -> tuple[Rows, dict[str, Any], float]:
    """Return the training rows of the run that a model lies in."""
    folder = _run_of(Path(path))
    run = RunDirectory.open(folder)
    plain = load_toml(run.config)
    known = {each.name for each in fields(NetworkSettings)}  # rows and streams depend on no others
    asked = NetworkSettings.from_dict({name: value for name, value in plain.items() if name in known})
    if not asked.source or asked.source == "-":
        raise DataError(
            f"The run '{folder}' keeps no data.",
            "They came from Python or standard input.",
            f"Name them: `ravine landscape {path} DATA`.",
        )
    dataset = load(asked)
    check_data(run, dataset)
    streams = streams_for(asked, dataset)
    rows = streams.rows(int(model.about["seed"])).train
    return rows, data_document(dataset), streams.sizes[0] / streams.batch_size


def _run_of(path: Path) -> Path:
    """Return the run a model belongs to. Raises UsageError where it belongs to none."""
    for folder in (path, *path.parents):
        if (folder / RUN_FILE).exists() and folder != Path():
            return folder
    if not path.exists():
        return find_run(path)
    raise UsageError(
        f"The model '{path}' lies in no run, so its data are not known.",
        "The loss is a mean over rows.",
        f"Name them: `ravine landscape {path} DATA`.",
    )


def _named_rows(
    model: Model, settings: LandscapeSettings, dataset: Dataset | None
) -> tuple[Rows, dict[str, Any]]:
    """Return all rows of the data named, encoded and standardised as the model's were."""
    if dataset is not None:
        raise UsageError("A model is looked at on a file or table.", "", "Name the data by its path.")
    table = read(settings.source)
    frame = table.frame
    target = settings.target or model.target
    if target not in frame.columns:
        hint = did_you_mean(target, [str(each) for each in frame.columns])
        raise DataError(f"'{table.name}' has no column '{target}'.", "The model predicts it.", hint)
    kept = frame[frame[target].notna()]
    x = model.scaler.apply(model.encoder.transform(kept, what="The data"))
    y = _target(model, kept[target], table)
    precision = model.trained.precision
    if not len(y):
        raise DataError(f"'{table.name}' has no rows with a '{target}'.", "", "Name other data.")
    about = {
        "name": table.name,
        "sha256": table.sha256,
        "rows": len(y),
        "features": len(model.encoder.inputs),
        "task": model.task,
        "target": target,
        "classes": None if model.classes is None else [str(each) for each in model.classes],
        "notes": [],
    }
    return Rows(x.astype(precision), y), about


def _target(model: Model, column: Any, table: Table) -> np.ndarray:
    """Return class indices, or numbers in the model's unit. Raises DataError for what the model never saw."""
    import pandas as pd

    if model.classes is None:
        numbers = pd.to_numeric(column, errors="coerce").to_numpy(np.float64)
        if not np.isfinite(numbers).all():
            raise DataError(f"'{table.name}' holds targets that are no numbers.", "", "Mend the column.")
        return ((numbers - model.origin) / model.unit).astype(model.trained.precision)
    places = {_key(each): k for k, each in enumerate(model.classes)}
    keys = [_key(each) for each in column.tolist()]
    strange = sorted({key for key in keys if key not in places})
    if strange:
        raise DataError(
            f"'{table.name}' holds the class '{strange[0]}', which the model does not know.",
            f"It knows {', '.join(places)}.",
            "Name the data it was trained on.",
        )
    return np.array([places[key] for key in keys], np.int32)


def _key(value: Any) -> str:
    """Return a class as text; 1 and 1.0 and '1' are the same class."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value).strip()
    return str(int(number)) if number.is_integer() else repr(number)
