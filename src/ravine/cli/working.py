"""One study from first line to exit status; `compare`, `train` and `resume` differ only in what they call."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ravine.cli.console import Screen
from ravine.cli.exit_status import SOME_FAILED
from ravine.cli.output import show_plan, show_result
from ravine.cli.progress import showing
from ravine.cli.signals import listening
from ravine.cli.words import BUILTIN
from ravine.errors import DataError, RavineError, Stopped, UsageError
from ravine.execution.events import Event
from ravine.execution.settings import DataSettings
from ravine.records.files import write_atomic
from ravine.records.listing import LATEST
from ravine.records.placing import point
from ravine.records.rundir import RunDirectory
from ravine.records.speaking import is_full, speaking
from ravine.records.tomlfile import dump

__all__ = ["begin", "check_source", "name_of", "planned", "prepare_machine", "run_named", "work"]

ROOT = Path("runs")
STDIN = "stdin"  # standard input, kept in the run directory: a resumed run reads it again

Study = Callable[..., Any]


def name_of(source: str) -> str:
    """Return data as a first line names it: the file's name, not its path."""
    return "standard input" if source == "-" else Path(source).name or source


def begin(verb: str, settings: Any, out: str | None, screen: Screen, study: Callable[[], Study]) -> int:
    """Make a run directory and work in it. What never came to a plan leaves no directory behind."""
    check_source(settings)
    before = _latest()
    fresh = out is None or not Path(out).exists()
    run = RunDirectory.create(
        ROOT, "stdin" if settings.source == "-" else settings.source, out=out,
        command=["ravine", *sys.argv[1:]], verb=verb, seed=settings.seed,
    )  # fmt: skip
    try:
        settings = _with_input_kept(settings, run)
        write_atomic(run.config, dump(settings.to_dict()))
        return work(run, lambda **how: study()(settings, run=run, **how), screen, settings.device)
    except (DataError, UsageError, KeyboardInterrupt):
        if not run.plan.exists():
            _discard(run, fresh, before)
        raise
    finally:
        run.close()


def planned(settings: Any, screen: Screen, plan: Callable[[], Callable[..., dict[str, Any]]]) -> int:
    """Show what a study would do; nothing is trained and no directory made."""
    check_source(settings)
    prepare_machine(settings.device)
    show_plan(plan()(settings), screen)
    return 0


def work(run: RunDirectory, study: Study, screen: Screen, device: str | None = None) -> int:
    """Run a study in its directory, show its result, return the exit status. Keeps `state` true."""
    before = run.about.get("state")
    try:
        with showing(screen) as progress, listening(progress.note) as stop:
            prepare_machine(device)

            def notify(event: Event) -> None:
                progress.event(event)
                if event.stage == "plan":  # from here on the directory stays, whatever happens
                    progress.note(f"Run: {run.path}")

            result = study(notify=notify, stop=stop)
    except Stopped as error:
        run.update(state="stopped")
        again = f"Type `ravine resume {quoted(run.path)}` to go on."
        raise Stopped("Stopped on request; what was done is saved.", "", again, error.status) from error
    except Exception as error:
        # resuming that is refused, for data that have changed, takes nothing from what the run was
        refused = isinstance(error, DataError | UsageError) and before in ("finished", "stopped")
        if run.plan.exists() and not refused:
            with suppress(RavineError):  # a full disk: the error itself matters more
                run.update(state="failed", summary=getattr(error, "what", None) or type(error).__name__)
                run.log(str(error))
        if run.plan.exists() and isinstance(error, DataError) and is_full(error):
            again = f"Make space or raise the limit, then type `ravine resume {quoted(run.path)}`."
            raise DataError(error.what, error.why, again) from error
        raise
    show_result(result.document, screen)
    return SOME_FAILED if _some_failed(result.document) else 0


def prepare_machine(device: str | None) -> None:
    """Set JAX up for this process: one logical device a core, the cache of compiled programs."""
    from ravine.engines import prepare

    prepare(device)


def quoted(path: Path | str) -> str:
    """Return a path as a shell takes it."""
    import shlex

    return shlex.quote(str(path))


def _some_failed(document: Mapping[str, Any]) -> bool:
    rows = document.get("leaderboard") or [document.get("result") or {}]
    return any(row.get("diverged") for row in rows)


def run_named(word: str) -> Path | None:
    """Return the folder of the run that a word means, as `find_run` reads it. None for data.

    Raises DataError: there is no latest run, or there are several of the name.
    """
    from ravine.records.listing import RUN_FILE, SeveralRuns, find_run

    if word == LATEST and not Path(word).is_file():
        return find_run(word)
    if Path(word).name == RUN_FILE and Path(word).is_file():
        return Path(word).parent
    if not word or word == "-" or word in BUILTIN or Path(word).exists():
        return None
    try:
        return find_run(word)
    except SeveralRuns:
        raise
    except DataError:  # then it is data, and what is wrong with its name is said where it is read
        return None


def check_source(settings: DataSettings) -> None:
    """Find a missing name at once, before a directory is made or pandas imported."""
    if not settings.source:
        raise UsageError(
            "No data was named.", "DATA is a file, '-' or a built-in set.", "Type `ravine compare digits`."
        )
    if settings.source == "-":
        if sys.stdin is None:
            raise DataError("Standard input is closed.", "DATA is '-'.", "Name a file instead.")
    elif not Path(settings.source).expanduser().exists():
        from ravine.data import read

        if settings.source not in BUILTIN:
            read(settings.source)  # says what is near, and raises


def _with_input_kept(settings: Any, run: RunDirectory) -> Any:
    """Keep standard input in the run directory, so that the run can be resumed."""
    import dataclasses

    if settings.source != "-":
        return settings
    path = run.path / STDIN
    with speaking("standard input", "read"):
        blob = sys.stdin.buffer.read()
    write_atomic(path, blob)
    return dataclasses.replace(settings, source=str(path.resolve()))


def _latest() -> str | None:
    with suppress(OSError):
        return str((ROOT / LATEST).readlink())
    return None


def _discard(run: RunDirectory, fresh: bool, before: str | None) -> None:
    """Remove the directory of a run that never was, and point `latest` where it pointed before."""
    link = ROOT / LATEST
    with suppress(OSError):
        was_latest = link.is_symlink() and link.resolve() == run.path.resolve()
        if fresh:
            shutil.rmtree(run.path)
        else:  # the user's own folder stays
            for each in run.path.iterdir():
                shutil.rmtree(each) if each.is_dir() else each.unlink()
        if was_latest:
            link.unlink()
            if before is not None and (ROOT / before).exists():
                point(ROOT, ROOT / before)
        ROOT.rmdir()  # if it was made for this run, and is empty
