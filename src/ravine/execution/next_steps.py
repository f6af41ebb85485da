"""The end of a report: the files of the run and the commands to type next."""

from __future__ import annotations

from collections.abc import Sequence

from ravine.execution.length_advice import LengthAdvice, advice_words
from ravine.options.paths import relative_path
from ravine.render.blocks import Block, Commands, Files
from ravine.shell_words import join_words

__all__ = ["after_ranking", "files_and_commands", "source_or_example"]

PURPOSES = {"longer": "Train the winner longer", "earlier": "Train the winner, and stop earlier"}


def files_and_commands(
    run: str,
    files: Sequence[tuple[str, str]] = (),
    commands: Sequence[tuple[str, Sequence[str]]] = (),
) -> list[Block]:
    """Return the end of a report: the files of a run, and commands to type next.

    run: run directory. files: (name, path) of each file besides the run directory. commands: (purpose, words
    without `ravine`) of each command. A command that shows the result again is added as the last one.
    """
    rows = [*commands, ("Show this result again", ["resume", run])]
    return [
        Files([("Run", run), *files]),
        Commands([(purpose, join_words(["ravine", *words])) for purpose, words in rows]),
    ]


def source_or_example(source: str) -> str:
    """Return the data source as a command names it: its path or name; `FILE.csv` for data from Python.

    A file name that begins with `-`, as an option does, gets `./` before it.
    """
    name = relative_path(source) if source else "FILE.csv"
    return f"./{name}" if name.startswith("-") and name != "-" else name


def after_ranking(
    run: str, model: str, source: str, advice: LengthAdvice | None, unused: int = 0
) -> list[Block]:
    """Return the end of a report on a ranking: the files of the run, and commands to type next.

    run: run directory. model: path of the best model. source: file or built-in name of the data; empty for
    data from Python. advice: advice to train the winner longer, or to stop earlier. unused: number of rows
    that `--rows` left out. The commands predict with the best model, train the winner by the advice (only
    with advice) and on all rows (only if rows of named data were left out), and show the result again.
    """
    data = source_or_example(source)
    commands = [("Predict with the best model", ["predict", run, data, "-o", "predictions.csv"])]
    if advice is not None:
        purpose = f"{PURPOSES[advice.action]}: {advice.reason}"
        commands.append((purpose, ["train", "-c", f"{run}/best.toml", *advice_words(advice)]))
    if unused and source:
        commands.append(("Train the winner on all rows", ["train", "-c", f"{run}/best.toml", "--rows", "0"]))
    return files_and_commands(run, [("Model", model)], commands)
