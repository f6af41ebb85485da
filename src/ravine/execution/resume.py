"""The resuming of a run that was stopped, and the loading of the result of a finished run."""

from __future__ import annotations

from dataclasses import replace

from ravine.data import BUILTIN
from ravine.data.read_table import file_and_part
from ravine.engines import THREADS
from ravine.errors import DataError
from ravine.execution.events import Notify, ShouldStop, ignore, never
from ravine.execution.execute import execute
from ravine.execution.own_code import check_code, with_code_admitted
from ravine.execution.registry import find_study
from ravine.execution.result import Result
from ravine.execution.resume_check import check_resumable
from ravine.execution.run_files import check_data
from ravine.execution.stored_result import load_result
from ravine.options.saved_settings import saved_settings
from ravine.records.open_file import is_file
from ravine.records.run_directory import CONFIG, RunDirectory

__all__ = ["resume"]


def resume(
    run: RunDirectory,
    *,
    engine: str = THREADS,
    trust: bool = False,
    notify: Notify = ignore,
    should_stop: ShouldStop = never,
) -> Result:
    """Finish a run and return its result, or load the result of a finished run.

    The caller holds the lock of the run. engine: workers that train the networks, as in the option
    `--engine`; they change no result. trust: whether the user's Python files that the run names may run, also
    if they were never named on this machine.

    Raises UsageError for such a file without trust. Raises DataError if the data or such a file have changed,
    if the configuration or the plan of an unfinished run has changed, if the run has no configuration file,
    if an unfinished run got its data from Python, or if version 1 of Ravine wrote the run. Data of a finished
    run that no longer exist are not checked. Raises NothingTrained if every run diverged, and Stopped on a
    stop request.
    """
    check_resumable(run)
    study = find_study(run.metadata.verb)
    settings = saved_settings(study.settings, run.read_toml(CONFIG), run.path / CONFIG)
    if run.metadata.state == "finished":
        # the result can be shown without its data, such as a deleted file or arrays from Python
        if settings.needs_source and (
            settings.source in BUILTIN or is_file(file_and_part(settings.source or "?")[0])
        ):
            check_data(run, study.load_data(settings))
        return load_result(run, study.result_type)
    if settings.needs_source and not settings.source:
        raise DataError(
            f"The run '{run.path}' got its data from Python.",
            "The run directory does not contain these data.",
            f"Call ravine.{study.name} again.",
        )
    check_code(run)
    settings = with_code_admitted(replace(settings, trust=trust, engine=engine))
    return execute(study, settings, run=run, notify=notify, should_stop=should_stop)
