"""From settings to a data set."""

from __future__ import annotations

from dataclasses import replace

from ravine.data import Dataset, Table, prepare, read
from ravine.data.metric_checks import check_metric_defined, refuse_unit
from ravine.errors import UsageError
from ravine.execution.base_settings import NetworkSettings
from ravine.networks import find_metric

__all__ = ["load", "share_of"]


def load(settings: NetworkSettings, table: Table | None = None, test: Table | None = None) -> Dataset:
    """Read the source, or take `table`, and prepare it as the settings say. test: test rows of their own.

    Raises DataError, UsageError, also where the metric has no value on the test rows.
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
        test=test if test is not None else _test(settings.test),
        seed=settings.seed,
        missing=settings.missing,
        negative_weights=settings.negative_weights,
    )
    check_metric_defined(dataset, find_metric(settings.metric))
    refuse_unit(dataset, settings.precision)
    return replace(dataset, notes=list(dict.fromkeys(dataset.notes)))


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
    """Return a share such as 0.2, or the table of a test file."""
    if text is None:
        return None
    try:
        float(text)
    except ValueError:
        return read(text)
    return share_of(text)
