"""`ravine train DATA`."""

from __future__ import annotations

from typing import Any

import click

from ravine.cli.help import Verb
from ravine.cli.options import config_flag, flags_for, output_flags
from ravine.cli.screen import Screen
from ravine.studies.settings import TrainSettings

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
    ),
)
@click.argument("source", metavar="DATA", required=False)
@flags_for(TrainSettings)
@config_flag
@output_flags(out="DIR:Folder of the run, in place of one in runs/.")
@click.pass_obj
def train(
    screen: Screen, config: str | None, out: str | None, json: bool, quiet: bool, verbose: bool, **flags: Any
) -> int:
    """Resolve, say what is going to be done, do it."""
    from ravine.cli.configuration import resolve
    from ravine.cli.working import begin, name_of

    screen.configure(json=json, quiet=quiet, verbose=verbose)
    resolved = resolve(TrainSettings, flags, config)
    settings = resolved.settings
    rate = "" if settings.rate is None else f" at learning rate {settings.rate:g}"
    if settings.source:
        screen.say(f"Training with {settings.optimizer}{rate} on {name_of(settings.source)}.")
    screen.say_unused(resolved.unused, "train")
    return begin("train", settings, out, screen, _study)


def _study() -> Any:
    from ravine.studies.train import train_study

    return train_study
