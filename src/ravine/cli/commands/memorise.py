"""`ravine memorise DATA`."""

from __future__ import annotations

from typing import Any

import click

from ravine.cli.console import Screen
from ravine.cli.help import Verb
from ravine.cli.options import config_flag, flags_for, output_flags
from ravine.data import formats
from ravine.execution.settings import MemoriseSettings

__all__ = ["memorise"]


@click.command(
    cls=Verb,
    short_help="Measure what a network learns of DATA by heart.",
    help="Measure how much of DATA a network learns by heart: the random-label test, rows held out in turn, "
    "the attack that tells training rows from others, the bounds of the theory, and what limits memory."
    f"\n\nDATA is a file ({formats.described()}), "
    "'-' for standard input, or a built-in set; "
    "its target is a class.",
    examples=(
        "ravine memorise digits",
        "ravine memorise titanic.csv -t Survived --effort quick",
        "ravine memorise digits --net '256-256 dropout=0.5' --epochs 300 -o memory",
    ),
)
@click.argument("source", metavar="DATA", required=False)
@flags_for(MemoriseSettings)
@config_flag
@output_flags(out="DIR:Folder of the run, with its pictures, in place of one in runs/.", dry_run=True)
@click.pass_obj
def memorise(
    screen: Screen, config: str | None, out: str | None, json: bool, quiet: bool, verbose: bool,
    dry_run: bool, **flags: Any,
) -> int:  # fmt: skip
    """Resolve, say what is going to be done, do it."""
    from ravine.cli.configuration import resolve
    from ravine.cli.working import begin, name_of, planned

    screen.configure(json=json, quiet=quiet, verbose=verbose)
    resolved = resolve(MemoriseSettings, flags, config)
    settings = resolved.settings
    if settings.source:
        doing = "Planning to measure" if dry_run else "Measuring"
        screen.say(
            f"{doing} what '{settings.net}' with {settings.optimizer} memorises of "
            f"{name_of(settings.source)}."
        )
    screen.say_unused(resolved.unused, "memorise")
    if dry_run:
        return planned(settings, screen, _plan)
    return begin("memorise", settings, out, screen, _study)


def _study() -> Any:
    from ravine.studies.memorize.study import memorise_study

    return memorise_study


def _plan() -> Any:
    from ravine.studies.memorize.study import memorise_plan

    return memorise_plan
