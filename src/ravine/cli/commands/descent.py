"""`ravine descent DATA`."""

from __future__ import annotations

from typing import Any

import click

from ravine.cli.console import Screen
from ravine.cli.help import Verb
from ravine.cli.options import config_flag, flags_for, output_flags
from ravine.data import formats
from ravine.execution.settings import DescentSettings

__all__ = ["descent"]


@click.command(
    cls=Verb,
    short_help="Look for double descent on DATA.",
    help="Look for double descent on DATA: the error on new rows against width, epochs and number of "
    "examples, where the training rows are just fitted, and what early stopping and ridge make of it."
    f"\n\nDATA is a file ({formats.described()}), "
    "'-' for standard input, or a built-in set.",
    examples=(
        "ravine descent digits --noise 0.15",
        "ravine descent housing.csv -t price --effort quick",
        "ravine descent digits --noise 0.2 --net 64-64 --epochs 400 -o descent",
    ),
)
@click.argument("source", metavar="DATA", required=False)
@flags_for(DescentSettings)
@config_flag
@output_flags(out="DIR:Folder of the run, with its pictures, in place of one in runs/.", dry_run=True)
@click.pass_obj
def descent(
    screen: Screen, config: str | None, out: str | None, json: bool, quiet: bool, verbose: bool,
    dry_run: bool, **flags: Any,
) -> int:  # fmt: skip
    """Resolve, say what is going to be done, do it."""
    from ravine.cli.configuration import resolve
    from ravine.cli.working import begin, name_of, planned

    screen.configure(json=json, quiet=quiet, verbose=verbose)
    resolved = resolve(DescentSettings, flags, config)
    settings = resolved.settings
    if settings.source:
        noise = f", {settings.noise:.0%} of the labels drawn anew" if settings.noise else ""
        doing = "Planning to look" if dry_run else "Looking"
        screen.say(f"{doing} for double descent on {name_of(settings.source)}{noise}.")
    screen.say_unused(resolved.unused, "descent")
    if dry_run:
        return planned(settings, screen, _plan)
    return begin("descent", settings, out, screen, _study)


def _study() -> Any:
    from ravine.studies.descent.study import descent_study

    return descent_study


def _plan() -> Any:
    from ravine.studies.descent.study import descent_plan

    return descent_plan
