"""`ravine runs`: what there is. Only reads, and answers at once."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
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
    short_help="List the runs there are.",
    help="List the runs in FOLDER, newest first: id, time, data, state, result. FOLDER is a folder of runs, "
    "a run, or latest. [default: runs]\n\n"
    "A run that -o DIR put elsewhere is listed by the name of its folder, or of the one around it.",
    examples=("ravine runs", "ravine runs --json", "ravine runs elsewhere"),
)
@click.argument("folder", metavar="[FOLDER]", default="runs")
@output_flags(out="")
@click.pass_obj
def runs(console: Console, folder: str, json: bool, quiet: bool, verbose: bool) -> int:
    """Read, show."""
    from pathlib import Path

    from ravine.errors import DataError
    from ravine.records.run_index import LATEST, find_run, list_runs

    console.configure(json=json, quiet=quiet, verbose=verbose)
    if folder == LATEST:
        folder = str(find_run(LATEST))
    if folder != "runs" and not Path(folder).is_dir():
        raise DataError(
            f"There is no folder '{folder}'.",
            "The runs in a folder are listed, or the run that it is.",
            "Type `ravine runs`, or name a folder of runs.",
        )
    found = list_runs(folder)
    if json:
        from ravine.execution.run_list import run_list

        console.print_document(run_list(found).to_dict())
    elif not found:
        console.info(
            f"There are no runs in '{folder}'. Type `ravine compare digits` to make one, "
            "or `ravine runs DIR` to list those that -o put elsewhere."
        )
    else:
        console.print_view([_table(found)])
    return 0


def _table(found: Sequence[RunInfo]) -> Table:
    from ravine.render.blocks import Column, Table
    from ravine.render.numbers import byte_size

    return Table(
        [
            Column("id", [run.id or run.path.name for run in found], "left"),
            Column("when", [_when(run.created) for run in found], "left"),
            Column("data", [run.data for run in found], "left", widest=24),
            Column("study", [run.verb for run in found], "left", priority=3),
            Column("state", [run.state for run in found], "left", priority=1, shrink=12),
            Column("result", [run.summary or "" for run in found], "left", 2, widest=60, shrink=12),
            Column("size", [byte_size(run.bytes) for run in found], priority=4),
        ]
    )


def _when(created: str) -> str:
    try:
        return f"{datetime.datetime.fromisoformat(created).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return ""
