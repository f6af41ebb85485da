"""What to type after a study that ranks configurations and keeps the best model. No JAX."""

from __future__ import annotations

import shlex

from ravine.options.paths import relative_path
from ravine.render.blocks import Block, Commands, Files

__all__ = ["after_ranking"]

LONGER = 5  # times the epochs of the study


def after_ranking(run: str, model: str, source: str, epochs: float) -> list[Block]:
    """Return the files of a run, and commands to predict, to train the winner longer, and to show the result.

    source: file or built-in name of the data; empty if they came from Python.
    """
    data, longer = relative_path(source) if source else "FILE.csv", str(max(1, round(LONGER * epochs)))
    commands = [
        ("Predict with the best model", ["predict", run, data, "-o", "predictions.csv"]),
        ("Train the winner again, longer", ["train", "-c", f"{run}/best.toml", "--epochs", longer]),
        ("Show this result again", ["resume", run]),
    ]
    return [
        Files([("Run", run), ("Model", model)]),
        Commands([(purpose, shlex.join(["ravine", *words])) for purpose, words in commands]),
    ]
