"""From settings to a data set, told as it happens."""

from __future__ import annotations

from dataclasses import replace

from ravine.data import Dataset, Table, prepare, read
from ravine.data.metric_checks import check_metric_defined, refuse_unit
from ravine.errors import UsageError
from ravine.execution.settings import DataSettings

__all__ = ["data_line", "load", "share_of"]


def load(settings: DataSettings, table: Table | None = None, held: Table | None = None) -> Dataset:
    """Read the source and prepare it as the settings say; `held`: test rows. Raises DataError, UsageError.

    Also where the metric has no value on the test rows; the splits of single seeds are looked at once seeds
    are chosen.
    """
    if table is None:
        if not settings.source:
            raise UsageError("No data was named.", "", "Name a file, or a built-in set such as digits.")
        table = read(settings.source)
    dataset = prepare(
        table,
        target=settings.target,
        task=settings.task,
        features=settings.features,
        drop=settings.drop,
        weights=settings.weights,
        groups=settings.groups,
        test=held if held is not None else _test(settings.test),
        seed=getattr(settings, "seed", 0),
        missing=settings.missing,
        negative_weights=settings.negative_weights,
    )
    check_metric_defined(dataset, getattr(settings, "metric", None))
    refuse_unit(dataset, getattr(settings, "precision", "float32"))
    return replace(dataset, notes=list(dict.fromkeys(dataset.notes)))


def data_line(dataset: Dataset) -> str:
    """Return what was read, in a line."""
    classes = f"{len(dataset.classes)} classes" if dataset.classes is not None else "a number"
    inputs = len(dataset.features)
    return (
        f"{dataset.name}: {len(dataset):,} rows, {inputs} input{'s' * (inputs != 1)}, "
        f"target '{dataset.target}' ({classes})"
    )


def share_of(text: str, fix: str = "Give 0.2.") -> float:
    """Read the share of rows to hold out. Raises UsageError."""
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        raise UsageError(f"--test {text} cannot be held out.", "A share lies between 0 and 1.", fix)
    return share


def _test(text: str | None) -> float | Table | None:
    """A share such as 0.2, or a file of its own."""
    if text is None:
        return None
    try:
        float(text)
    except ValueError:
        return read(text)
    return share_of(text)
