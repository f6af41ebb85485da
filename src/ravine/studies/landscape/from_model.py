"""A trained model as the center of a loss landscape: its parameters, and the rows to compute its loss on.

A loss landscape shows the loss around a point in parameter space, the center. The loss is a mean over rows:
all rows of the data that the user names, or else the training rows of the run that trained the model.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, SupportsFloat

import numpy as np

from ravine.data import Dataset, Table, read
from ravine.errors import DataError, UsageError, did_you_mean
from ravine.execution.base_settings import NetworkSettings
from ravine.execution.loading import load
from ravine.execution.own_code import trust_files
from ravine.execution.prepared_training import batches_for
from ravine.execution.run_files import check_data
from ravine.execution.saved_model import Model
from ravine.networks import default_loss
from ravine.optimizers import Rule, resolve, schedule
from ravine.options.paths import relative_path
from ravine.options.saved_settings import saved_settings
from ravine.records.open_file import exists
from ravine.records.run_directory import CONFIG, RunDirectory
from ravine.records.run_file import RUN_FILE
from ravine.records.run_index import find_run
from ravine.studies.landscape.loss_point import LossPoint
from ravine.training import Rows

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["load_model_data", "point_of_model"]


def load_model_data(path: str, settings: NetworkSettings) -> Dataset:
    """Return the data set to compute a trained model's loss on: the data that the user names, if any.

    These data are `settings.source`. Their columns are encoded as the model's training data were, and all
    their rows are used. If the user names no data, the data of the run that trained the model are returned.
    path: path of the model. Raises DataError if model or data cannot be read or do not fit each other, and
    UsageError if the model lies in no run directory, so that its data are not known.
    """
    model = Model.load(path, settings.trust)
    if settings.source:
        return _named_data(model, settings)
    run, own = _own_settings(path)
    dataset = load(own)
    check_data(run, dataset)
    return dataset


def point_of_model(path: str, settings: NetworkSettings, dataset: Dataset) -> LossPoint:
    """Return the loss of a trained model at its parameters, with all that is known about its training.

    path: path of the model. dataset: the data set of `load_model_data`. The loss is a mean over all its rows
    if `settings` name these data, else over the training rows of the model's run. In the second case, raises
    UsageError if the data set is not that of the run, DataError if the model's file names no seed.
    """
    model = Model.load(path, settings.trust)
    if settings.source:
        x = model.scaler.apply(dataset.x)
        rows, per_epoch = Rows(x.astype(model.trained.precision), _scaled_target(model, dataset.y)), 1.0
    else:
        rows, per_epoch = _own_rows(model, path, dataset)
    if settings.trust:
        trust_files(model.metadata.optimizer or "")
        trust_files((model.metadata.loss or "").rpartition("@")[0])
    rule, rate = _rule(model, per_epoch)
    network = model.network
    numbers = {name: float(model.trained.hyper[name]) for name in ("slope",) if name in network.hyper_names}
    loss = model.metadata.loss or default_loss(model.task)
    steps, first_rate = model.metadata.steps, model.metadata.learning_rate
    origin = relative_path(path)
    return LossPoint(
        network, model.trained.params, loss, rows, numbers, rule, rate, origin, steps, initial_rate=first_rate
    )


def _rule(model: Model, per_epoch: float) -> tuple[Rule | None, float | None]:
    """Return a model's optimizer and its learning rate at the last step; each is None if not known."""
    metadata = model.metadata
    if metadata.optimizer is None or metadata.learning_rate is None:
        return None, None
    rule = resolve(metadata.optimizer)
    hyperparameters = metadata.hyperparameters or {}
    tuned = {name: value for name, value in hyperparameters.items() if name in rule.defaults}
    spec, steps = schedule(metadata.schedule or "constant"), metadata.steps or 1
    if (
        spec.depends_on_loss
    ):  # its last value depends on the course of training, which a model does not contain
        return rule.with_hyper(tuned), None
    return rule.with_hyper(tuned), metadata.learning_rate * float(spec.factors(steps, per_epoch)[-1])


def _own_settings(path: str) -> tuple[RunDirectory, NetworkSettings]:
    """Return the run directory that holds a model, and the settings of the run's data and batches."""
    folder = _run_of(Path(path))
    run = RunDirectory.open(folder)
    plain = run.read_toml(CONFIG)
    field_names = {field.name for field in fields(NetworkSettings)}  # rows and batches depend on these alone
    known = {name: value for name, value in plain.items() if name in field_names}
    own = saved_settings(NetworkSettings, known, run.path / CONFIG)
    if not own.source or own.source == "-":
        raise DataError(
            f"The run '{folder}' names no data file.",
            "The data of the run came from Python or standard input.",
            f"Name the data: `ravine landscape {path} DATA`.",
        )
    return run, own


def _own_rows(model: Model, path: str, dataset: Dataset) -> tuple[Rows, float]:
    """Return the training rows of the run that trained a model, and the number of steps per epoch.

    Raises UsageError if `dataset` is not the data of the run, DataError if the model's file names no seed.
    """
    run, own = _own_settings(path)
    if dataset.sha256 != run.metadata.data.sha256:
        raise UsageError(
            "The data are not those of the model's run.",
            "Only data that are read by their name are encoded like the training data of the model.",
            "Name the file or built-in data set that the model was trained on.",
        )
    seed = model.metadata.seed
    if seed is None:
        raise DataError(
            f"The model '{path}' names no seed.",
            "The seed decides which rows of the data the model was trained on.",
            f"Name data, of which all rows are used: `ravine landscape {path} DATA`.",
        )
    batches = batches_for(own, dataset)
    return batches.data(seed).train, batches.sizes[0] / batches.batch_size


def _run_of(path: Path) -> Path:
    """Return the directory of the run that saved a model. Raises UsageError if there is no such run."""
    for folder in (path, *path.parents):
        if exists(folder / RUN_FILE) and folder != Path():
            return folder
    if not exists(path):
        return find_run(path)
    raise UsageError(
        f"The model '{path}' is not in a run directory, so its data are not known.",
        "The loss is a mean over rows of data.",
        f"Name the data: `ravine landscape {path} DATA`.",
    )


def _named_data(model: Model, settings: NetworkSettings) -> Dataset:
    """Return all rows of the data of `settings.source`, encoded as the model's training data were."""
    table = read(settings.source, max_expand=settings.max_expand)
    frame = table.frame
    target = settings.target or model.target
    if target not in frame.columns:
        hint = did_you_mean(target, [str(column) for column in frame.columns])
        raise DataError(f"'{table.name}' has no column '{target}'.", f"The model predicts '{target}'.", hint)
    labeled = frame[frame[target].notna()]
    x = model.encoder.transform(labeled, what="The data")
    y = _target(model, labeled[target], table)
    if not len(y):
        raise DataError(
            f"'{table.name}' has no rows with a value of '{target}'.",
            "The loss of the model is a mean over such rows.",
            "Name data with values in this column.",
        )
    return Dataset(
        name=table.name,
        sha256=table.sha256,
        task=model.task,
        target=target,
        features=list(model.encoder.inputs),
        x=x,
        y=y,
        classes=model.classes,
        weights=None,
        groups=None,
        development=np.arange(len(y)),
        test=np.arange(0),
        notes=[],
        encoder=model.encoder,
        seed=settings.seed,
    )


def _target(model: Model, column: pd.Series[str] | pd.Series[float], table: Table) -> np.ndarray:
    """Return the targets of a column: class indices, or numbers for a regression.

    Raises DataError for a class that the model does not know.
    """
    import pandas as pd

    if model.classes is None:
        numbers = pd.to_numeric(column, errors="coerce").to_numpy(np.float64)
        if not np.isfinite(numbers).all():
            raise DataError(
                f"'{table.name}' has targets that are not numbers.", "", "Correct the target column."
            )
        return numbers
    indices = {_key(label): index for index, label in enumerate(model.classes)}
    keys = [_key(label) for label in column.tolist()]
    unknown = sorted({key for key in keys if key not in indices})
    if unknown:
        raise DataError(
            f"'{table.name}' holds the class '{unknown[0]}', which the model does not know.",
            f"The model knows {', '.join(indices)}.",
            "Name the data that the model was trained on.",
        )
    return np.array([indices[key] for key in keys], np.int32)


def _scaled_target(model: Model, y: np.ndarray) -> np.ndarray:
    """Return targets as the model's loss takes them: class indices, or standardized numbers."""
    if model.classes is not None:
        return y
    scaled: np.ndarray = ((y - model.target_mean) / model.target_scale).astype(model.trained.precision)
    return scaled


def _key(value: object) -> str:
    """Return the name of a class as text; 1 and 1.0 and '1' are the same class."""
    try:
        number = float(value) if isinstance(value, str | SupportsFloat) else None
    except ValueError:
        number = None
    if number is None:
        return str(value).strip()
    return str(int(number)) if number.is_integer() else repr(number)
