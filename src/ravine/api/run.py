"""The execution of a study, the code behind functions such as `ravine.compare`, from Python."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike, fspath
from typing import Any

from ravine.api.arguments import Columns, Table, TestRows, parse_arguments
from ravine.api.progress import with_progress
from ravine.errors import UsageError
from ravine.execution.events import Notify
from ravine.execution.execute import execute
from ravine.execution.named_run import resolve_source
from ravine.execution.new_run import execute_in_new_run
from ravine.execution.own_code import with_code_admitted
from ravine.execution.registry import find_study
from ravine.execution.result import Result
from ravine.execution.study import Study
from ravine.options.fields import Value, options_of
from ravine.user_code.python_object import text_of

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
    """Run a study, such as `compare`, on data from Python and return its result.

    name: name of the study. X, y, target, weights, groups, test: data, see `ravine.api.arguments`; X may be
    the path or the name of an earlier run, or the path of a model, in place of data, if the command of the
    study takes one. out: run directory, None = nothing is written. notify: listener to events. progress:
    whether progress is shown. keywords: settings by field.

    Raises DataError for data that cannot be used, UsageError for wrong arguments, NothingTrained if every run
    diverged, and Stopped on a stop request.
    """
    study = find_study(name)
    options = options_of(study.settings)
    keywords = {key: _with_texts(value) if options[key].code else value for key, value in keywords.items()}
    changed = {key: value for key, value in keywords.items() if not _is_default(value, options[key].default)}
    if target is not None:
        changed["target"] = target
    typed = changed
    if "run" in study.accepts and isinstance(X, str | PathLike) and "model" not in changed:
        X, y, changed = _data_of_run(study, X, y, changed)
    with with_progress(progress, notify) as listener:
        settings, dataset = parse_arguments(study.settings, X, y, weights, groups, test, changed)
        settings = with_code_admitted(settings, typed)
        if out is None:
            return execute(study, settings, dataset=dataset, notify=listener)
        return execute_in_new_run(
            study, settings, out=out, command=["python"], dataset=dataset, notify=listener
        )


def _data_of_run(
    study: Study, X: str | PathLike[str], y: Columns, keywords: dict[str, Any]
) -> tuple[Table, Columns, dict[str, Any]]:
    """Return data, target and settings of the run or model that `X` names; unchanged if `X` names data.

    The keywords override the settings of the run. Raises DataError and UsageError.
    """
    word = fspath(X)
    named = {"target": y} if isinstance(y, str) else {}
    found = resolve_source(study, {**named, **keywords, "source": word}, None, None)
    source = found.pop("source", None)
    if source == word:
        return X, y, keywords
    if not source:
        raise UsageError(
            f"The data of the run '{word}' are not in a file.",
            "A run on arrays does not save them.",
            f"Call {study.name}(X, y) with the arrays and the settings of the run.",
        )
    return source, None, found


def _with_texts(value: object) -> object:
    """Return the value of an option with the text `FILE.py:NAME` in place of every function."""
    if isinstance(value, Mapping):
        return {key: _with_texts(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_texts(item) for item in value]
    return text_of(value) if callable(value) else value


def _is_default(value: object, default: Value) -> bool:
    """Return whether a keyword has its default. Types are compared first, since arrays have no truth
    value."""
    return value is None or (type(value) is type(default) and value == default)
