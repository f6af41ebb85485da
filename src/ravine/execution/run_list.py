"""The result of `ravine runs`: a list with one row for each run. The module does not import JAX."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ravine.execution.json_document import JsonDocument
from ravine.records.run_index import RunInfo

__all__ = ["RunList", "RunRow", "run_list"]


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """One run in the list of `ravine runs`: its id, command, data, time, state and result in words."""

    id: str
    """Id of the run. Commands also accept its beginning."""
    path: str
    """Folder of the run."""
    verb: str
    """The command that made the run, such as `compare`."""
    data: str
    """Name of the data."""
    created: str
    """Time at which the run began, ISO 8601 in UTC."""
    state: str
    """running, finished, stopped, failed or interrupted; or the reason why it cannot be read."""
    summary: str | None
    """The result in one line, or the error that ended it."""
    bytes: int
    """Size on disk in bytes."""
    files: str = ""
    """intact if all files are as Ravine wrote them, else the files that differ; not verified for a run of an
    older version; empty without `--verify`."""


@dataclass(frozen=True, kw_only=True)
class RunList(JsonDocument):
    """The list of the runs in a folder, as `ravine runs --json` prints it."""

    runs: list[RunRow]
    """Runs, newest first."""


def run_list(runs: Sequence[RunInfo]) -> RunList:
    """Return the document that `ravine runs --json` prints, with the facts about some runs."""
    return RunList(runs=[RunRow(**{**vars(run), "path": str(run.path)}) for run in runs])
