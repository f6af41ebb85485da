"""`ravine sweep DATA`."""

from __future__ import annotations

from typing import Any

import click

from ravine.cli.console import Screen
from ravine.cli.help import Verb
from ravine.cli.options import config_flag, flags_for, output_flags
from ravine.execution.settings import SweepSettings

__all__ = ["sweep"]


@click.command(
    cls=Verb,
    short_help="Find out whether dropout, depth, a penalty ... helps on DATA.",
    help="Find out what helps on DATA: vary numbers and structures of training, each setting at its own "
    "tuned learning rate (or at --rate) and on the same fresh seeds.\n\n--vary KEY=VALUES, once for each "
    "factor. VALUES are parted by commas, or by semicolons, or are a range such as 1e-4..1e-1. KEY is any of "
    "net, activation, init, init_scale, optimizer, rate, schedule, moving, batch_size, epochs, l1, l2, "
    "decay, clip, smoothing, average, augment, early_stop, min_change; of the network dropout, norm, "
    "connection, gate, slope, width, depth, conv; or a number of the optimizer, such as b1. The first "
    "setting is what the others are held against.",
    examples=(
        "ravine sweep digits --vary dropout=0,0.2,0.5",
        "ravine sweep digits --vary 'net=64-64; 64-64-64 residual' --vary l2=0,1e-4",
        "ravine sweep digits --vary rate=1e-4..1 --vary b1=0.5..0.99 --random 30",
    ),
)
@click.argument("source", metavar="DATA", required=False)
@flags_for(SweepSettings)
@config_flag
@output_flags(out="DIR:Folder of the run, in place of one in runs/.", dry_run=True)
@click.pass_obj
def sweep(
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
    from ravine.studies.sweep.factors import read_factors

    screen.configure(json=json, quiet=quiet, verbose=verbose)
    resolved = resolve(SweepSettings, flags, config)
    settings = resolved.settings
    names = ", ".join(each.name for each in read_factors(settings.vary))
    if settings.source:
        doing = "Planning to vary" if dry_run else "Varying"
        screen.say(f"{doing} {names} on {name_of(settings.source)}.")
    screen.say_unused(resolved.unused, "sweep")
    if dry_run:
        return _plan(settings, screen)
    return begin("sweep", settings, out, screen, _study)


def _study() -> Any:
    from ravine.studies.sweep.study import sweep_study

    return sweep_study


def _plan(settings: SweepSettings, screen: Screen) -> int:
    from ravine.cli.working import check_source, prepare_machine

    check_source(settings)
    prepare_machine(settings.device)
    from ravine.studies.sweep.study import sweep_plan
    from ravine.studies.sweep.view import sweep_plan_text

    document = sweep_plan(settings)
    if screen.json:
        screen.show_document(document)
    else:
        text = sweep_plan_text(document, screen.width)
        screen.show(text if screen.unicode else text.encode("ascii", "replace").decode())
    return 0
