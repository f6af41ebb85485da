"""`ravine compare DATA`."""

from __future__ import annotations

from typing import Any

import click

from ravine.cli.console import Screen
from ravine.cli.help import Verb
from ravine.cli.options import config_flag, flags_for, output_flags
from ravine.data import formats
from ravine.data.builtin import BUILTIN
from ravine.execution.settings import CompareSettings

__all__ = ["compare"]


@click.command(
    cls=Verb,
    short_help="Find the best optimizer and learning rate for DATA.",
    help="Find out which optimizer, at which learning rate, is best for DATA: all are tuned alike, then run "
    "on fresh seeds, and ties are called ties."
    f"\n\nDATA is a file ({formats.described()}), '-' for standard input, "
    f"or a built-in set: {', '.join(BUILTIN)}.",
    examples=(
        "ravine compare digits",
        "ravine compare titanic.csv -t Survived --effort quick",
        "ravine compare train.csv -t price --test test.csv -O sgd,adam,'optax:lion(b1=0.9)'",
    ),
)
@click.argument("source", metavar="DATA", required=False)
@flags_for(CompareSettings)
@config_flag
@output_flags(out="DIR:Folder of the run, in place of one in runs/.", dry_run=True)
@click.pass_obj
def compare(
    screen: Screen,
    config: str | None,
    out: str | None,
    dry_run: bool,
    json: bool,
    quiet: bool,
    verbose: bool,
    **flags: Any,
) -> int:
    """Resolve, say what is going to be done, do it."""
    from ravine.cli.configuration import resolve
    from ravine.cli.working import begin, name_of

    screen.configure(json=json, quiet=quiet, verbose=verbose)
    resolved = resolve(CompareSettings, flags, config)
    settings = resolved.settings
    count = len(settings.optimizers)
    which = f"{count} optimizers" if count > 1 else settings.optimizers[0]
    effort = f", {settings.effort} effort" if settings.effort else ""
    effort += f", within {settings.budget}" if settings.budget else ""
    if settings.source:
        doing = "Planning to compare" if dry_run else "Comparing"
        screen.say(f"{doing} {which} on {name_of(settings.source)}{effort}.")
    screen.say_unused(resolved.unused, "compare")
    if dry_run:
        return _plan(settings, screen)
    return begin("compare", settings, out, screen, _study)


def _study() -> Any:
    from ravine.studies.compare.study import compare_study

    return compare_study


def _plan(settings: CompareSettings, screen: Screen) -> int:
    from ravine.cli.output import show_plan
    from ravine.cli.working import check_source, prepare_machine

    check_source(settings)
    prepare_machine(settings.device)
    from ravine.studies.compare.study import plan_document

    show_plan(plan_document(settings), screen)
    return 0
