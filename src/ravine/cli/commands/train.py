"""`ravine train DATA`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ravine.cli.console import Screen
from ravine.cli.help import Verb
from ravine.cli.options import config_flag, flags_for, output_flags
from ravine.errors import UsageError
from ravine.execution.settings import TrainSettings

if TYPE_CHECKING:
    from ravine.studies.train.view import Curve

__all__ = ["train"]


@click.command(
    cls=Verb,
    short_help="Train one network on DATA as asked.",
    help="Train a network on DATA with one optimizer, as asked, and keep the model.\n\nDATA is a file (CSV, "
    "Parquet, NPZ, HDF5, ROOT, idx; gzipped or not), '-' for standard input, or a built-in set.",
    examples=(
        "ravine train digits",
        "ravine train titanic.csv -t Survived --optimizer momentum --rate 0.03 --epochs 100",
        "ravine train -c runs/latest/best.toml",
        "ravine train digits --schedule 'step(0.1,every=10)' --plot schedule.png",
    ),
)
@click.argument("source", metavar="DATA", required=False)
@flags_for(TrainSettings)
@config_flag
@output_flags(out="DIR:Folder of the run, in place of one in runs/.")
@click.option("--dry-run", is_flag=True, help="Show the network and the schedules, and train nothing.")
@click.option("--plot", metavar="FILE", help="The same, and draw the schedules: .png, .svg or .pdf.")
@click.pass_obj
def train(
    screen: Screen, config: str | None, out: str | None, json: bool, quiet: bool, verbose: bool,
    dry_run: bool, plot: str | None, **flags: Any,
) -> int:  # fmt: skip
    """Resolve, say what is going to be done, do it."""
    from ravine.cli.configuration import resolve
    from ravine.cli.working import begin, name_of

    screen.configure(json=json, quiet=quiet, verbose=verbose)
    resolved = resolve(TrainSettings, flags, config)
    settings = resolved.settings
    rate = "" if settings.rate is None else f" at learning rate {settings.rate:g}"
    if settings.source:
        doing = "Planning to train" if dry_run or plot is not None else "Training"
        screen.say(f"{doing} with {settings.optimizer}{rate} on {name_of(settings.source)}.")
    screen.say_unused(resolved.unused, "train")
    if dry_run or plot is not None:
        return _plan(settings, plot, screen)
    return begin("train", settings, out, screen, _study)


def _study() -> Any:
    from ravine.studies.train.study import train_study

    return train_study


def _plan(settings: TrainSettings, plot: str | None, screen: Screen) -> int:
    from ravine.cli.working import check_source, prepare_machine
    from ravine.render.plot_style import FORMATS, save

    check_source(settings)
    path = None if plot is None else Path(plot)
    if path is not None and path.suffix.removeprefix(".").lower() not in FORMATS:
        raise UsageError(
            f"A picture cannot be written to '{plot}'.",
            "Its ending says the kind.",
            f"Use {', '.join(FORMATS)}.",
        )
    prepare_machine(settings.device)
    from ravine.studies.train.schedule_curves import schedules_figure
    from ravine.studies.train.study import train_plan
    from ravine.studies.train.view import training_plan_text

    document = train_plan(settings)
    curves = _curves(document)
    document["picture"] = None
    if path is not None:
        drawn = {
            each.what: {each.schedule: (each.factors, each.value)}
            for each in curves
            if each.factors is not None
        }
        plan = document["plan"]
        save(schedules_figure(drawn, plan["steps"] / plan["epochs"]), path)
        document["picture"] = str(path)
    if screen.json:
        screen.show_document(document)
        return 0
    for note in document["data"].get("notes") or []:
        screen.say(screen.wrapped(note))
    screen.show(training_plan_text(document, curves, screen.width, screen.unicode))
    if path is not None:
        screen.show(f"\nPicture  {path}")
    return 0


def _curves(document: Mapping[str, Any]) -> list[Curve]:
    """Return the schedules of a plan, step by step: of the rate, then of what else moves."""
    from ravine.optimizers import schedule
    from ravine.studies.train.view import Curve

    plan = document["plan"]
    asked = {"learning rate": {"value": document["learning_rate"], "schedule": document["schedule"]}}
    curves = []
    for what, each in (asked | document["moving"]).items():
        spec = schedule(each["schedule"])
        factors = None if spec.follows else spec.factors(plan["steps"], plan["steps"] / plan["epochs"])
        curves.append(Curve(what, each["schedule"], each["value"], factors))
    return curves
