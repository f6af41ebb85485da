"""Finish exactly what a run was asked, or return the result of a finished run again."""

from __future__ import annotations

from ravine.data import BUILTIN
from ravine.data.read_table import file_and_part
from ravine.errors import DataError
from ravine.execution.events import Notify, ShouldStop, ignore, never
from ravine.execution.execute import execute
from ravine.execution.registry import find_study
from ravine.execution.result import Result
from ravine.execution.resume_check import check_resumable
from ravine.execution.run_files import check_data, load_result
from ravine.records.run_directory import RunDirectory
from ravine.records.toml_files import load as load_toml

__all__ = ["resume"]


def resume(run: RunDirectory, *, notify: Notify = ignore, should_stop: ShouldStop = never) -> Result:
    """Finish a run, or return a finished one's result; the caller holds its lock.

    Raises DataError where data or configuration have changed, the run has no plan yet, or an older version
    wrote it.
    """
    check_resumable(run)
    study = find_study(str(run.metadata.get("verb")))
    settings = study.settings.from_dict(load_toml(run.config))
    if run.metadata.get("state") == "finished":
        # a result outlives its data: a file that is gone, or arrays from Python
        if settings.needs_source and (
            settings.source in BUILTIN or file_and_part(settings.source or "?")[0].is_file()
        ):
            check_data(run, study.load_data(settings))
        return load_result(run, study)
    if settings.needs_source and not settings.source:
        raise DataError(
            f"The run '{run.path}' was given its data in Python.",
            "They are not kept with it.",
            f"Call ravine.{study.name} again.",
        )
    return execute(study, settings, run=run, notify=notify, should_stop=should_stop)
