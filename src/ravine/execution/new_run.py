"""The execution of a study in a new run directory, which is removed if nothing was planned."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ravine.execution.base_settings import NetworkSettings
from ravine.execution.config_file import write_config
from ravine.execution.events import Notify, ShouldStop, ignore, never
from ravine.execution.result import Result
from ravine.execution.source import check_source, with_models_found
from ravine.execution.study import Study
from ravine.records.open_file import exists
from ravine.records.os_errors import os_errors_as_data_errors
from ravine.records.run_directory import PLAN, RunDirectory
from ravine.records.run_index import LATEST
from ravine.records.run_paths import forget_elsewhere, update_latest_link

if TYPE_CHECKING:
    from ravine.data import Dataset

__all__ = ["execute_in_new_run"]

ROOT = Path("runs")
STDIN = "stdin"  # standard input is kept in the run directory, so that a resumed run can read it again


def execute_in_new_run(
    study: Study,
    settings: NetworkSettings,
    *,
    out: str | os.PathLike[str] | None = None,
    command: Sequence[str] = (),
    dataset: Dataset | None = None,
    notify: Notify = ignore,
    should_stop: ShouldStop = never,
) -> Result:
    """Create a run directory, execute a study in it, and return the result.

    out: folder, by default a new one in `runs/`. command: words of the command, for run.json. A run that ends
    before its plan is written leaves no files. Raises UsageError for settings that do not fit the study or
    the data, DataError for data or a folder that cannot be used, NothingTrained if every run diverged, and
    Stopped on a stop request.
    """
    if dataset is None:
        check_source(settings, study.name)
    settings = with_models_found(settings)
    latest_before = _latest()
    new_folders = _new_folders(out)
    name = dataset.name if dataset is not None else settings.run_name
    run = RunDirectory.create(ROOT, name, out=out, command=command, verb=study.name, seed=settings.seed)
    try:
        settings = _with_stdin_copied(settings, run)
        write_config(run, settings)
        from ravine.execution.execute import execute  # slow: it imports JAX

        return execute(study, settings, dataset=dataset, run=run, notify=notify, should_stop=should_stop)
    except BaseException:
        if not run.has(PLAN):
            _discard(run, out is None or bool(new_folders), new_folders[1:], latest_before)
        raise
    finally:
        run.close()


def _with_stdin_copied(settings: NetworkSettings, run: RunDirectory) -> NetworkSettings:
    """Return settings that read standard input from a copy in the run directory, for `resume`."""
    if settings.source != "-":
        return settings
    with os_errors_as_data_errors("standard input", "read"):
        blob = sys.stdin.buffer.read()
    run.write(STDIN, blob)
    return replace(settings, source=str((run.path / STDIN).resolve()))


def _latest() -> str | None:
    with suppress(OSError):
        return str((ROOT / LATEST).readlink())
    return None


def _new_folders(out: str | os.PathLike[str] | None) -> list[Path]:
    """Return the folders that a run in `out` creates, the innermost first."""
    return [] if out is None else [path for path in (Path(out), *Path(out).parents) if not exists(path)]


def _discard(run: RunDirectory, fresh: bool, above: Sequence[Path], latest_before: str | None) -> None:
    """Remove the directory of a run without a plan, and restore the link `latest`.

    fresh: whether the run created the directory. above: parent folders that the run created.
    """
    link = ROOT / LATEST
    with suppress(OSError):
        was_latest = link.is_symlink() and link.resolve() == run.path.resolve()
        if fresh:
            shutil.rmtree(run.path)
            for folder in above:
                folder.rmdir()
        else:  # the user's own folder stays
            for item in run.path.iterdir():
                shutil.rmtree(item) if item.is_dir() and not item.is_symlink() else item.unlink()
        if was_latest:
            link.unlink()
            if latest_before is not None and exists(ROOT / latest_before):
                update_latest_link(ROOT, ROOT / latest_before)
        forget_elsewhere(ROOT, run.path)
        ROOT.rmdir()  # if it was made for this run, and is empty
