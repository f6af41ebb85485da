"""The command `ravine resume [RUN]`: it finishes a run and prints the result, as without an interruption."""

from __future__ import annotations

import click

from ravine.cli.console import Console
from ravine.cli.flags import output_flags
from ravine.cli.help import Command

__all__ = ["resume"]

TRUST = "Permission to run the Python files that the run names, also if never named on this machine."


@click.command(
    cls=Command,
    help="Finish RUN, or show its result again if it is finished. Finished parts are not trained again, and "
    "the result is the same as without the interruption.\n\nRUN is the folder of a run or the start of its "
    "id; if not given, the latest run.",
    examples=("ravine resume", "ravine resume runs/20260105-093000-titanic-4f0c2a91"),
)
@click.argument("run", metavar="[RUN]", default="latest")
@click.option(
    "--engine",
    metavar="ENGINE",
    envvar="RAVINE_ENGINE",
    help="Workers that train the rest, with the same results: threads (also if not given), processes, "
    "dask:local:N, or dask: and the address of a scheduler.",
)
@click.option("--trust", is_flag=True, help=TRUST)
@output_flags(out="")
@click.pass_obj
def resume(
    console: Console, run: str, engine: str | None, trust: bool, json: bool, quiet: bool, verbose: bool
) -> int:
    """Finish an interrupted run, or show the result of a finished one again. Returns the exit status."""
    from ravine.cli.exit_status import INCOMPLETE
    from ravine.cli.output import show_result
    from ravine.cli.progress import progress_display
    from ravine.cli.signals import stop_on_signals
    from ravine.engines.engine_text import THREADS, read_engine
    from ravine.engines.limits import check_limits
    from ravine.execution.data_settings import display_name
    from ravine.execution.resume_check import check_resumable
    from ravine.options.paths import relative_path
    from ravine.records.run_directory import RunDirectory

    console.configure(json=json, quiet=quiet, verbose=verbose)
    engine = engine or THREADS
    read_engine(engine)
    check_limits()
    directory = RunDirectory.open(relative_path(str(RunDirectory.open(run).path)))
    check_resumable(directory)
    metadata = directory.metadata
    name = display_name(metadata.data.name)
    unverified = "" if directory.verified else " (not verified: an older ravine wrote it)"
    doing = "Showing again" if metadata.state == "finished" else "Resuming"
    console.info(f"{doing} {metadata.verb} {name} in {directory.path}{unverified}.")
    with directory.lock():
        with progress_display(console) as progress, stop_on_signals(progress.show_line) as should_stop:
            from ravine.execution.resume import resume as resume_run

            result = resume_run(
                directory, engine=engine, trust=trust, notify=progress.show_event, should_stop=should_stop
            )
        show_result(result, console)
        return INCOMPLETE if result.incomplete() else 0
