"""The Python door: arrays, tables or files in, results out.

result = compare(X, y)              X [N, D], y [N]: arrays or a DataFrame and a Series
result = compare(frame, "price")    a DataFrame and the name of its target
result = compare("data.csv", "price")
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from os import PathLike
from pathlib import Path
from typing import Any

from ravine.api.arguments import asked
from ravine.engines import prepare
from ravine.errors import UsageError
from ravine.execution.events import Notify
from ravine.execution.saved_model import Model
from ravine.execution.settings import (
    CompareSettings,
    DescentSettings,
    DiagnoseSettings,
    LandscapeSettings,
    MemoriseSettings,
    SweepSettings,
    TrainSettings,
)
from ravine.records.run_directory import RunDirectory
from ravine.studies.compare.study import Comparison, compare_study
from ravine.studies.descent.study import Descent, descent_study
from ravine.studies.diagnose.study import Diagnosis, diagnose_study
from ravine.studies.landscape.study import Landscape, landscape_study
from ravine.studies.memorize.study import Memory, memorise_study
from ravine.studies.sweep.factors import factors_as_text
from ravine.studies.sweep.study import Swept, sweep_study
from ravine.studies.train.study import Training, train_study

__all__ = ["compare", "descent", "diagnose", "landscape", "load_model", "memorise", "sweep", "train"]


def compare(
    X: Any,
    y: Any = None,
    *,
    optimizers: str | Sequence[str] | None = None,
    weights: Any = None,
    groups: Any = None,
    test: Any = None,
    out: str | PathLike[str] | None = None,
    notify: Notify | None = None,
    **settings: Any,
) -> Comparison:
    """Compare optimizers on data, each at its tuned learning rate; see `CompareSettings` for the settings.

    X: array [N, D] (images [N, H, W] too), DataFrame, or a file or built-in name; y: array [N], or the name
    of the target column. weights, groups: arrays [N], or names of columns. test: a share, (X, y) of its own,
    a DataFrame beside one, a file beside a file. out: a directory to keep the run in; nothing is kept without
    it. Raises DataError, UsageError, NothingTrained.
    """
    if optimizers is not None:
        from ravine.optimizers.spec import split

        settings["optimizers"] = split(optimizers) if isinstance(optimizers, str) else list(optimizers)
    made, dataset = asked(CompareSettings, X, y, weights, groups, test, settings)
    with _kept(out, dataset.name, "compare", made.seed) as run:
        return compare_study(made, dataset=dataset, run=run, notify=notify)


def train(
    X: Any,
    y: Any = None,
    *,
    weights: Any = None,
    groups: Any = None,
    test: Any = None,
    out: str | PathLike[str] | None = None,
    notify: Notify | None = None,
    **settings: Any,
) -> Training:
    """Train a network as told, without tuning; settings as in `TrainSettings`, arguments as in `compare`."""
    made, dataset = asked(TrainSettings, X, y, weights, groups, test, settings)
    with _kept(out, dataset.name, "train", made.seed) as run:
        return train_study(made, dataset=dataset, run=run, notify=notify)


def sweep(
    X: Any,
    y: Any = None,
    *,
    vary: Mapping[str, Any] | Sequence[str] | str,
    weights: Any = None,
    groups: Any = None,
    test: Any = None,
    out: str | PathLike[str] | None = None,
    notify: Notify | None = None,
    **settings: Any,
) -> Swept:
    """Vary numbers and structures of training; settings as in `SweepSettings`, arguments as in `compare`.

    vary: {"dropout": [0, 0.2], "net": ["64-64", "32"], "rate": "1e-4..1e-1"}, or texts as in the shell.
    """
    settings["vary"] = factors_as_text(vary)
    made, dataset = asked(SweepSettings, X, y, weights, groups, test, settings)
    with _kept(out, dataset.name, "sweep", made.seed) as run:
        return sweep_study(made, dataset=dataset, run=run, notify=notify)


def landscape(
    X: Any = None,
    y: Any = None,
    *,
    model: str | PathLike[str] | None = None,
    optimizers: str | Sequence[str] | None = None,
    weights: Any = None,
    groups: Any = None,
    test: Any = None,
    out: str | PathLike[str] | None = None,
    kind: str = "png",
    notify: Notify | None = None,
    **settings: Any,
) -> Landscape:
    """Look at the loss around networks trained on data, or around `model`; see `LandscapeSettings`.

    Arguments as in `compare`; beside a model X is a file, or nothing for the data of its run. out: a folder
    for numbers and pictures of that kind; nothing is written without it. Raises DataError, UsageError,
    NothingTrained.
    """
    if optimizers is not None:
        from ravine.optimizers.spec import split

        settings["optimizers"] = split(optimizers) if isinstance(optimizers, str) else list(optimizers)
    if model is not None:
        if X is not None and not isinstance(X, str | PathLike):
            raise UsageError("A model is looked at on the data of a file.", "", "Name the file.")
        named = {} if y is None else {"target": str(y)}
        made = LandscapeSettings.from_dict({"source": "" if X is None else str(X), **named, **settings})
        prepare(made.device)
        found = landscape_study(made, model=str(model), notify=notify)
    else:
        made, dataset = asked(LandscapeSettings, X, y, weights, groups, test, settings)
        found = landscape_study(made, dataset=dataset, notify=notify)
    return found if out is None else found.save(out, kind)


def diagnose(
    X: Any,
    y: Any = None,
    *,
    weights: Any = None,
    groups: Any = None,
    test: Any = None,
    out: str | PathLike[str] | None = None,
    notify: Notify | None = None,
    **settings: Any,
) -> Diagnosis:
    """Say what is wrong with a network, and prove the remedies; settings as in `DiagnoseSettings`.

    Arguments as in `compare`. `seeds=0` tries no remedy. Raises DataError, UsageError.
    """
    made, dataset = asked(DiagnoseSettings, X, y, weights, groups, test, settings)
    with _kept(out, dataset.name, "diagnose", made.seed) as run:
        return diagnose_study(made, dataset=dataset, run=run, notify=notify)


def memorise(
    X: Any,
    y: Any = None,
    *,
    weights: Any = None,
    groups: Any = None,
    test: Any = None,
    out: str | PathLike[str] | None = None,
    notify: Notify | None = None,
    **settings: Any,
) -> Memory:
    """Measure what a network learns by heart; settings: `MemoriseSettings`, arguments as in `compare`."""
    made, dataset = asked(MemoriseSettings, X, y, weights, groups, test, settings)
    with _kept(out, dataset.name, "memorise", made.seed) as run:
        return memorise_study(made, dataset=dataset, run=run, notify=notify)


def descent(
    X: Any,
    y: Any = None,
    *,
    weights: Any = None,
    groups: Any = None,
    test: Any = None,
    out: str | PathLike[str] | None = None,
    notify: Notify | None = None,
    **settings: Any,
) -> Descent:
    """Look for double descent; settings as in `DescentSettings`, arguments as in `compare`."""
    made, dataset = asked(DescentSettings, X, y, weights, groups, test, settings)
    with _kept(out, dataset.name, "descent", made.seed) as run:
        return descent_study(made, dataset=dataset, run=run, notify=notify)


def load_model(path: str | PathLike[str]) -> Model:
    """Read a trained model: its directory, a file of it, or a run. Raises DataError."""
    return Model.load(Path(path))


def _kept(out: str | PathLike[str] | None, name: str, verb: str, seed: int) -> Any:
    """A run directory to write to, or nothing."""
    if out is None:
        return nullcontext(None)
    return RunDirectory.create(name=name, out=out, verb=verb, seed=seed, command=["python"])
