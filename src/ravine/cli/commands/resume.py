"""`ravine resume [RUN]`: finish exactly what was asked, and print what it would have printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ravine.cli.console import Screen
from ravine.cli.help import Verb
from ravine.cli.options import output_flags

if TYPE_CHECKING:
    from ravine.records.run_directory import RunDirectory

__all__ = ["resume"]


@click.command(
    cls=Verb,
    short_help="Finish a run, or show its result again.",
    help="Finish RUN, or show its result again if it is finished. What was done is not done twice: the "
    "result is that of an undisturbed run.\n\nRUN is a folder or the start of an id; without it, the latest.",
    examples=("ravine resume", "ravine resume runs/20260105-093000-titanic-4f0c2a91"),
)
@click.argument("run", metavar="[RUN]", default="latest")
@output_flags(out="")
@click.pass_obj
def resume(screen: Screen, run: str, json: bool, quiet: bool, verbose: bool) -> int:
    """Open, lock, go on."""
    from ravine.cli.output import near
    from ravine.cli.working import name_of, work
    from ravine.records.run_directory import RunDirectory

    screen.configure(json=json, quiet=quiet, verbose=verbose)
    directory = RunDirectory.open(near(str(RunDirectory.open(run).path)))
    about = directory.metadata
    data = about.get("data") or {}
    finished = about.get("state") == "finished"
    screen.say(
        f"{'Showing again' if finished else 'Resuming'} {about.get('verb')} {name_of(str(data.get('name')))} "
        f"in {directory.path}."
    )
    with directory.lock():

        def study(**how: Any) -> Any:
            from ravine.execution.resume import resume as resume_study

            return resume_study(directory, **how)

        return work(directory, study, screen, device=_device(directory))


def _device(directory: RunDirectory) -> str | None:
    from ravine.records.toml_files import load

    return load(directory.config).get("device") if directory.config.exists() else None
