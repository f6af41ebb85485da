"""A result as a run directory stores it: `result.json` for the result itself, `times.json` for its times.

Two runs of the same command write the same bytes into `result.json`. Therefore wall-clock times, which the
class of a result lists in `times`, go into the other file. Paths in the run directory begin with `{run}`, so
they are right after the directory was moved.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TypeVar

from ravine.execution.result import Plain, Result
from ravine.records.documents import check_object
from ravine.records.os_errors import DamagedFile
from ravine.records.run_directory import RESULT, TIMES, RunDirectory
from ravine.records.strict_json import FIX, short_text

__all__ = ["load_result", "save_result"]

RUN = "{run}"  # stands for the path of the run directory
ENTRY = "result"  # of times.json
PATHS = ("source", "model_dir", "predictions", "pictures", "observation", "config")
"""Fields of results that can hold paths inside the run directory."""

AnyResult = TypeVar("AnyResult", bound=Result)


def save_result(run: RunDirectory, result: Result) -> None:
    """Write a result into the run directory. Raises DataError if a file cannot be written."""
    document = result.to_dict()
    times = _without_times(document, result.times)
    run.save_times(**{ENTRY: times}, machine={"host": os.uname().nodename, "cores": os.cpu_count()})
    document = _with_prefix(document, str(run.path), RUN) | {"run_dir": RUN}
    run.write_json(RESULT, document, sort=False)


def load_result(run: RunDirectory, result_type: type[AnyResult]) -> AnyResult:
    """Return the result in a run directory, with paths in the present place of the directory.

    Times are None if the file of the times was deleted. Raises DataError if the result is missing, was
    changed, or if a newer version of Ravine wrote it, and DamagedFile if the times cannot be read.
    """
    subject = f"'{run.path / RESULT}'"
    document = check_object(run.read_json(RESULT), subject)
    # version 2 wrote the path of the directory, from which it can have been moved
    before = str(document.get("run_dir") or RUN).rstrip("/")
    document = _with_prefix(document, before, str(run.path)) | {"run_dir": str(run.path)}
    times = run.load_times().get(ENTRY)
    try:
        result = result_type.from_dict(_with_times(document, times, result_type.times), subject)
    except (ValueError, TypeError) as error:  # a DataError is a ValueError
        # raises an error of the result, if it has one
        result_type.from_dict(_with_times(document, None, result_type.times), subject)
        raise DamagedFile(
            f"'{run.path / TIMES}' is damaged.",
            "The times in it do not fit the result.",
            "Delete it: the result is then shown without times.",
        ) from error
    if result.study != run.metadata.verb:
        why = f"It is a result of {short_text(result.study)}, and the run is one of {run.metadata.verb}."
        raise DamagedFile(f"{subject} is damaged.", why, FIX)
    return result


def _without_times(document: dict[str, Plain], names: tuple[str, ...]) -> dict[str, Plain]:
    """Remove the times from a document and return them: values by name, lists for the rows of a table."""
    times: dict[str, Plain] = {}
    for name in names:
        table, _, column = name.rpartition(".")
        if table:
            times[name] = [row.pop(column) for row in document[table]]  # type: ignore[union-attr]
        elif name in document:  # the result of another package may have no times
            times[name] = document.pop(name)
    return times


def _with_times(document: Mapping[str, Plain], times: Plain, names: tuple[str, ...]) -> dict[str, Plain]:
    """Return a document with the times that `_without_times` removed; None for each one that is not known."""
    whole, known = dict(document), times if isinstance(times, dict) else {}
    for name in names:
        table, _, column = name.rpartition(".")
        if not table:
            whole.setdefault(name, known.get(name))
        elif isinstance(rows := whole.get(table), list) and all(isinstance(row, dict) for row in rows):
            values = known.get(name) or [None] * len(rows)
            whole[table] = [{column: value, **row} for row, value in zip(rows, values, strict=True)]
    return whole


def _with_prefix(document: Mapping[str, Plain], before: str, now: str) -> dict[str, Plain]:
    """Return a document whose paths begin with the folder `now` in place of `before`.

    Other fields can hold the same text: a run in the folder `compare` is a result of the study `compare`.
    """

    def moved(value: Plain) -> Plain:
        if isinstance(value, list):
            return [moved(part) for part in value]
        if isinstance(value, str) and value.startswith(f"{before}/"):
            return now + value[len(before) :]
        return value

    return {key: moved(value) if key in PATHS else value for key, value in document.items()}
