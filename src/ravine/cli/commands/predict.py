"""The command `ravine predict MODEL DATA`: predictions of a trained model, as CSV or JSON."""

from __future__ import annotations

from pathlib import Path

import click

from ravine.cli.console import Console
from ravine.cli.flags import output_flags
from ravine.cli.help import Command
from ravine.errors import DataError, UsageError

__all__ = ["predict"]


@click.command(
    cls=Command,
    help="Predict the rows of DATA with MODEL and write them as CSV: the prediction and, for classes, the "
    "probability of each class.\n\nMODEL is the folder of a run or of a model, the start of a run's id, or "
    "'latest'. DATA needs the columns of the training data, in any order. Other columns are ignored.",
    examples=(
        "ravine predict latest new.csv",
        "ravine predict runs/20260105-093000-titanic-4f0c2a91 new.csv -o predictions.csv",
        "cat new.csv | ravine predict latest - --json",
    ),
)
@click.argument("model", metavar="MODEL")
@click.argument("source", metavar="DATA")
@output_flags(out="FILE.csv:File to write; if not given, standard output (-).")
@click.pass_obj
def predict(
    console: Console, model: str, source: str, out: str | None, json: bool, quiet: bool, verbose: bool
) -> int:
    """Predict and write the predictions. Returns the exit status."""
    from ravine.execution.base_settings import display_name

    console.configure(json=json, quiet=quiet, verbose=verbose)
    out = None if out == "-" else out
    _check_output(out, source)
    _check_model(model)
    console.info(f"Predicting {display_name(source)} with {model}.")
    blob, notes = _document(model, source) if json else _csv(model, source)
    for note in notes:
        console.info(console.wrapped(note))
    if out is None:
        console.print_bytes(blob)
    else:
        from ravine.records.atomic_files import write_atomic

        write_atomic(out, blob)
        console.info(f"Predictions: {out}")
    return 0


def _check_output(out: str | None, source: str) -> None:
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
    if path.is_dir():
        raise UsageError(
            f"'{out}' is a folder.", "Predictions are one file.", f"Type -o {path / 'FILE.csv'}."
        )
    if source != "-" and path.exists() and Path(source).exists() and path.samefile(source):
        raise UsageError(
            f"-o {out} names the data.",
            "The predictions would overwrite them.",
            "Type -o FILE.csv with the name of another file.",
        )


def _check_model(model: str) -> None:
    """Raise UsageError or DataError for a missing model, before pandas and JAX are imported."""
    from ravine.records.run_index import find_run

    if not model:
        raise UsageError(
            "The model has no name.",
            "MODEL is the folder of a run or of a model, an id, or 'latest'.",
            "Type `ravine runs` to list the runs.",
        )
    if not Path(model).exists():
        find_run(model)


def _csv(model: str, source: str) -> tuple[bytes, list[str]]:
    """Return the predictions as CSV, and the notes on the data."""
    from ravine.data import read
    from ravine.execution.predict import predict_with_notes

    table, notes = predict_with_notes(model, read(_readable(source)))
    return bytes(table.to_csv(index=False, lineterminator="\n").encode("utf-8")), notes


def _document(model: str, source: str) -> tuple[bytes, list[str]]:
    """Return the predictions as JSON, and the notes on the data."""
    from ravine.data import read
    from ravine.execution.predict import predict_result
    from ravine.records.atomic_files import json_text

    result = predict_result(model, read(_readable(source)))
    return (json_text(result.to_dict(), sort=False) + "\n").encode("utf-8"), result.data.notes


def _readable(source: str) -> str:
    """Return the source. Raises DataError if the source is standard input, which is closed."""
    import sys

    if source == "-" and sys.stdin is None:
        raise DataError(
            "Standard input is closed.",
            "DATA is '-', which means standard input.",
            "Name a file instead of '-'.",
        )
    return source
