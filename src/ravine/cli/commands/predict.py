"""The command `ravine predict MODEL DATA`: predictions of a trained model, and their score."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ravine.cli.console import Console
from ravine.cli.flags import output_flags
from ravine.cli.help import Command
from ravine.data.formats import join_words
from ravine.data.size_limits import MAX_EXPANSION
from ravine.data.write_table import format_to_write, writable_suffixes
from ravine.errors import DataError, UsageError
from ravine.records.open_file import exists, is_folder

if TYPE_CHECKING:
    from ravine.data import Table
    from ravine.execution.predict_result import PredictedScore

__all__ = ["predict"]

JSON = ".json"
TRUST = "Permission to run the Python file of the model's network, also if never named on this machine."


@click.command(
    cls=Command,
    help="Predict the rows of DATA with MODEL: the prediction and, for classes, the probability of each "
    "class. If DATA holds the target, the score of the predictions is printed.\n\nMODEL is the folder of "
    "a run or of a model, the start of a run's id, or 'latest', the newest run that has a model. DATA needs "
    "the columns of the training data, in any order. Other columns are ignored. The name of the output file "
    f"decides its format: {join_words([*writable_suffixes(), JSON])}.",
    examples=(
        "ravine predict latest new.csv",
        "ravine predict runs/20260105-093000-titanic-4f0c2a91 new.csv -o predictions.csv",
        "ravine predict latest new.csv --keep age,fare -o predictions.npz",
        "cat new.csv | ravine predict latest - --json",
    ),
)
@click.argument("model", metavar="MODEL")
@click.argument("source", metavar="DATA")
@click.option(
    "--keep", metavar="COLUMNS", multiple=True,
    help="Columns of DATA to copy to the predictions. Commas separate names.",
)  # fmt: skip
@click.option(
    "--max-expand", metavar="TIMES", type=click.FloatRange(min=1), default=MAX_EXPANSION, show_default=True,
    help="Largest number of bytes that DATA may take in memory, as a multiple of the bytes of the file.",
)  # fmt: skip
@click.option("--trust", is_flag=True, help=TRUST)
@output_flags(out="FILE:File to write; if not given, standard output (-), as CSV.")
@click.pass_obj
def predict(
    console: Console, model: str, source: str, keep: tuple[str, ...], max_expand: float, trust: bool,
    out: str | None, json: bool, quiet: bool, verbose: bool,
) -> int:  # fmt: skip
    """Predict the rows of data with a trained model, and write the predictions. Returns the exit status."""
    from ravine.engines.limits import check_limits
    from ravine.execution.data_settings import display_name
    from ravine.execution.predict_result import score_text

    console.configure(json=json, quiet=quiet, verbose=verbose)
    check_limits()
    out = None if out == "-" else out
    _check_output(out, source, json)
    path = _model(model)
    console.info(f"Predicting {display_name(source)} with {path}.")
    as_json = json or (out is not None and _is_json(out))
    work = _document if as_json else _table
    names = [name for text in keep for name in text.split(",")]
    reading = partial(_read, source, max_expand)
    notes, score = work(path, trust, reading, names, out, console)
    for note in notes:
        console.info(console.wrapped(note))
    if out is not None:
        console.info(f"Predictions: {out}")
    if score is not None and out is not None:
        console.print(f"Score: {score_text(score)}")
    elif score is not None:
        console.info(f"Score: {score_text(score)}")
    return 0


def _is_json(out: str) -> bool:
    return out.lower().endswith(JSON)


def _check_output(out: str | None, source: str, json: bool) -> None:
    """Raise UsageError for a file that predictions cannot be written to."""
    if out is None:
        return
    if not out:
        raise UsageError(
            "The file for the predictions has no name.",
            "Option -o takes the name of a file.",
            "Type -o FILE.csv.",
        )
    path = Path(out)
    if json and not _is_json(out):
        raise UsageError(
            f"-o {out} does not go with --json.",
            "--json writes a JSON document.",
            f"Type -o {path.with_suffix(JSON)}, or leave --json out.",
        )
    if is_folder(path):
        raise UsageError(
            f"'{out}' is a folder.", "Predictions are one file.", f"Type -o {path / 'FILE.csv'}."
        )
    if source != "-" and exists(path) and exists(source) and path.samefile(source):
        raise UsageError(
            f"-o {out} names the data file itself.",
            "The predictions would overwrite the data.",
            "Type -o FILE.csv with the name of another file.",
        )
    if not _is_json(out):
        format_to_write(path, [JSON])


def _model(model: str) -> str:
    """Return the path of a model or of the run of a model, before pandas and JAX are imported.

    Raises UsageError or DataError for a missing model.
    """
    from ravine.records.run_index import find_model

    if not model:
        raise UsageError(
            "The model has no name.",
            "MODEL is the folder of a run or of a model, the id of a run, or 'latest'.",
            "Type `ravine runs` to list the runs.",
        )
    return find_model(model)


def _table(
    path: str, trust: bool, read: Callable[[], Table], keep: Sequence[str], out: str | None, console: Console
) -> tuple[list[str], PredictedScore | None]:
    """Write the predictions as a table; return the notes on the data, and the score."""
    from ravine.data.write_table import write
    from ravine.data.writers.delimited_text import csv_text
    from ravine.execution.predict import predictions_of
    from ravine.execution.saved_model import Model

    with _progress(console):
        found = predictions_of(Model.load(path, trust), read(), keep)
    if out is None:
        console.print_table(csv_text(found.table))
    else:
        write(found.table, out)
    return found.notes, found.score


def _document(
    path: str, trust: bool, read: Callable[[], Table], keep: Sequence[str], out: str | None, console: Console
) -> tuple[list[str], PredictedScore | None]:
    """Write the predictions as a JSON document; return the notes on the data, and the score."""
    from ravine.execution.predict import predict_result
    from ravine.execution.saved_model import Model
    from ravine.records.atomic_files import write_json

    with _progress(console):
        result = predict_result(path, Model.load(path, trust), read(), keep)
    if out is None:
        console.print_document(result.to_dict())
    else:
        write_json(out, result.to_dict(), sort=False)
    return result.data.notes, result.score


@contextmanager
def _progress(console: Console) -> Iterator[None]:
    """Show that the command reads and predicts, until the block ends."""
    from ravine.cli.progress import progress_display
    from ravine.execution.events import StageStarted

    with progress_display(console) as display:
        display.show_event(StageStarted("predict"))
        yield


def _read(source: str, max_expand: float) -> Table:
    """Return the table of the data. Raises DataError if they are standard input, which is closed."""
    import sys

    from ravine.data import read

    if source == "-" and sys.stdin is None:
        raise DataError(
            "Standard input is closed.",
            "DATA is '-', which means standard input.",
            "Name a file instead of '-'.",
        )
    return read(source, max_expand=max_expand)
