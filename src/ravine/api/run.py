"""The execution of a study from Python."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike

from ravine.api.arguments import Columns, Table, TestRows, parse_arguments
from ravine.api.progress import with_progress
from ravine.execution.events import Notify
from ravine.execution.execute import execute
from ravine.execution.new_run import execute_in_new_run
from ravine.execution.registry import find_study
from ravine.execution.result import Result
from ravine.options.fields import Value, options_of

__all__ = ["run_study"]


def run_study(
    name: str,
    X: Table,
    y: Columns,
    target: str | None,
    weights: Columns,
    groups: Columns,
    test: TestRows,
    out: str | PathLike[str] | None,
    notify: Notify | None,
    progress: bool,
    keywords: Mapping[str, object],
) -> Result:
    """Run a study and return its result.

    name: study. X, y, target, weights, groups, test: data, see `ravine.api.arguments`. out: run directory,
    None = nothing is written. notify: listener to events. progress: whether progress is shown. keywords:
    settings by field.
    Raises DataError, UsageError, NothingTrained and Stopped.
    """
    study = find_study(name)
    options = options_of(study.settings)
    changed = {key: value for key, value in keywords.items() if not _is_default(value, options[key].default)}
    if target is not None:
        changed["target"] = target
    with with_progress(progress, notify) as listener:
        settings, dataset = parse_arguments(study.settings, X, y, weights, groups, test, changed)
        if out is None:
            return execute(study, settings, dataset=dataset, notify=listener)
        return execute_in_new_run(
            study, settings, out=out, command=["python"], dataset=dataset, notify=listener
        )


def _is_default(value: object, default: Value) -> bool:
    """Return whether a keyword has its default. Types are compared first, since arrays have no truth
    value."""
    return value is None or (type(value) is type(default) and value == default)
