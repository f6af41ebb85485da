"""The reading of the data set that the settings of a command name."""

from __future__ import annotations

from dataclasses import replace

from ravine.data import Dataset, Table, prepare, read
from ravine.data.metric_checks import check_metric_defined, check_target_scale
from ravine.errors import UsageError, about_option
from ravine.execution.base_settings import NetworkSettings
from ravine.execution.data_settings import check_test_share
from ravine.networks import find_metric

__all__ = ["load"]


def load(settings: NetworkSettings, table: Table | None = None, test: Table | None = None) -> Dataset:
    """Return the data set that settings describe, from the data that they name or from `table`.

    test: table of test rows, in place of `settings.test`. Raises UsageError for settings that do not fit the
    data, and DataError for data that cannot be used, for example if the metric has no value on the test rows.
    """
    if table is None:
        if not settings.source:
            raise UsageError("No data was named.", "", "Name a file, or a built-in set such as digits.")
        table = read(settings.source, max_expand=settings.max_expand)
    test_rows = test if test is not None else _test(settings)
    dataset = prepare(
        table,
        target=settings.target,
        task=settings.task,
        features=settings.features,
        drop=settings.drop,
        weights=settings.weights,
        groups=settings.groups,
        test=test_rows,
        seed=settings.seed,
        missing=settings.missing,
        negative_weights=settings.negative_weights,
        rows=settings.rows,
    )
    check_metric_defined(dataset, find_metric(settings.metric))
    check_target_scale(dataset, settings.precision)
    notes = list(dict.fromkeys(dataset.notes))
    if isinstance(test_rows, Table):
        notes.insert(
            0, f"{len(dataset.test):,} of the {len(dataset):,} rows are test rows of '{test_rows.name}'"
        )
    return replace(dataset, notes=notes)


def _test(settings: NetworkSettings) -> float | Table | None:
    """Return a share such as 0.2, or the table of a test file. Raises UsageError, DataError."""
    text = settings.test
    if text is None:
        return None
    check_test_share(text)
    try:
        return float(text)
    except ValueError:
        with about_option("test", text, "a share above 0 and below 1, or a file"):
            return read(text, max_expand=settings.max_expand)
