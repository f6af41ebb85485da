"""The command `ravine runs [FOLDER]`, which lists the runs in a folder. It imports nothing slow."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ravine.cli.console import Console
from ravine.cli.flags import output_flags
from ravine.cli.help import Command

if TYPE_CHECKING:
    from ravine.records.run_index import RunInfo
    from ravine.render.blocks import Table

__all__ = ["runs"]


@click.command(
    cls=Command,
    help="List the runs in FOLDER (if not given, runs/), newest first: path, study, state, result, data, "
    "time, id, size.\n\nFOLDER may also be one run: its folder, its id, or 'latest'. Runs that -o DIR wrote "
    "from the same working folder are listed, too.",
    examples=("ravine runs", "ravine runs --json", "ravine runs --verify", "ravine runs elsewhere"),
)
@click.argument("folder", metavar="[FOLDER]", default="runs")
@click.option("--verify", is_flag=True, help="Compare all files of each run with its list of digests.")
@output_flags(out="")
@click.pass_obj
def runs(console: Console, folder: str, verify: bool, json: bool, quiet: bool, verbose: bool) -> int:
    """Print a table or a JSON document of the runs in a folder. Returns the exit status 0.

    verify: whether the table tells for each run whether its files are as Ravine wrote them.
    """
    from ravine.records.open_file import is_folder
    from ravine.records.run_index import list_runs

    console.configure(json=json, quiet=quiet, verbose=verbose)
    listed = list_runs(folder if folder == "runs" or is_folder(folder) else _named_run(folder), verify)
    if json:
        from ravine.execution.run_list import run_list

        console.print_document(run_list(listed).to_dict())
    elif not listed:
        console.info(
            f"There are no runs in '{folder}'. Type `ravine compare digits` to start one, "
            "or `ravine runs DIR` to list the runs that -o DIR wrote."
        )
    else:
        console.print_view([_table(listed)])
    return 0


def _named_run(name: str) -> Path:
    """Return the folder of a run. Raises DataError if neither a folder nor a run has that name."""
    from ravine.errors import DataError
    from ravine.records.run_index import LATEST, SeveralRuns, find_run

    try:
        return find_run(name)
    except DataError as error:
        if name == LATEST or isinstance(error, SeveralRuns):
            raise
        raise DataError(
            f"There is neither a folder nor a run '{name}'.",
            "FOLDER is a folder of runs, or one run: its folder, its id, or 'latest'.",
            "Type `ravine runs` to list the runs in runs/.",
        ) from error


def _table(runs: Sequence[RunInfo]) -> Table:
    """Return the table of runs, one row a run."""
    from ravine.options.paths import relative_path
    from ravine.render.blocks import Column, Table
    from ravine.render.numbers import byte_size

    files = [run.files for run in runs]
    return Table(
        [
            Column("path", [relative_path(str(run.path)) for run in runs], "left"),
            Column("study", [run.verb for run in runs], "left"),
            Column("state", [run.state for run in runs], "left", priority=1, shrink=12),
            Column("result", [run.summary or "" for run in runs], "left", 2, widest=60, shrink=12),
            Column("data", [run.data for run in runs], "left", priority=3, widest=24),
            Column("when", [_when(run.created) for run in runs], "left", priority=4),
            Column("id", [run.id for run in runs], "left", priority=5),
            Column("size", [byte_size(run.bytes) for run in runs], priority=6),
            *([Column("files", files, "left", priority=1, widest=60, shrink=12)] if any(files) else []),
        ]
    )


def _when(created: str) -> str:
    try:
        return f"{datetime.datetime.fromisoformat(created).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return ""
