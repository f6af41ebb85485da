"""The end of a report: the files of the run and the commands to type next."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from ravine.options.paths import relative_path
from ravine.render.blocks import Block, Commands, Files

__all__ = ["after_ranking", "files_and_commands", "source_or_example"]

LONGER = 5  # times the epochs of the study


def files_and_commands(
    run: str,
    files: Sequence[tuple[str, str]] = (),
    commands: Sequence[tuple[str, Sequence[str]]] = (),
) -> list[Block]:
    """Return the files of a run and the commands to type next. The last command shows the result again.

    files: (name, path) of each file besides the run directory. commands: (purpose, words without `ravine`).
    """
    rows = [*commands, ("Show this result again", ["resume", run])]
    return [
        Files([("Run", run), *files]),
        Commands([(purpose, shlex.join(["ravine", *words])) for purpose, words in rows]),
    ]


def source_or_example(source: str) -> str:
    """Return the name of the data for a command; `FILE.csv` for data from Python."""
    return relative_path(source) if source else "FILE.csv"


def after_ranking(run: str, model: str, source: str, epochs: float) -> list[Block]:
    """Return the files of a run, the command to predict, and the command to train the winner longer.

    model: path of the best model. epochs: passes over the training rows in the longer training.

    source: file or built-in name of the data; empty for data from Python.
    """
    data, longer = source_or_example(source), str(max(1, round(LONGER * epochs)))
    commands = [
        ("Predict with the best model", ["predict", run, data, "-o", "predictions.csv"]),
        ("Train the winner again, longer", ["train", "-c", f"{run}/best.toml", "--epochs", longer]),
    ]
    return files_and_commands(run, [("Model", model)], commands)
