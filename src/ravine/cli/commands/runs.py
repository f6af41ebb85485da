"""`ravine runs`: what there is. Only reads, and answers at once."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from ravine.cli.console import Console
from ravine.cli.flags import output_flags
from ravine.cli.help import Command
from ravine.render.numbers import cells, clean, cut

if TYPE_CHECKING:
    from ravine.records.run_index import RunInfo

__all__ = ["runs"]

SCHEMA_VERSION = 1
GAP = "  "
DROPPED = ("size", "verb", "result", "state")  # what a narrow screen loses, in this order


@click.command(
    cls=Command,
    short_help="List the runs there are.",
    help="List the runs in FOLDER (runs/ if not given), newest first: id, time, data, state, result.\n\n"
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
    from ravine.records.run_index import list_runs

    console.configure(json=json, quiet=quiet, verbose=verbose)
    if folder != "runs" and not Path(folder).is_dir():
        raise DataError(
            f"There is no folder '{folder}'.",
            "The runs in a folder are listed, or the run that it is.",
            "Type `ravine runs`, or name a folder of runs.",
        )
    found = list_runs(folder)
    if json:
        console.print_document({"schema_version": SCHEMA_VERSION, "runs": [_document(run) for run in found]})
    elif not found:
        console.info(
            f"There are no runs in '{folder}'. Type `ravine compare digits` to make one, "
            "or `ravine runs DIR` to list those that -o put elsewhere."
        )
    else:
        text = _table([_row(run) for run in found], console.width)
        console.print(text if console.unicode else text.encode("ascii", "replace").decode("ascii"))
    return 0


def _summary(run: RunInfo) -> Any:
    """The result as the study left it: a dictionary, or the sentence it failed with."""
    from ravine.errors import DataError
    from ravine.records.run_index import read_run_file

    try:
        return read_run_file(run.path).get("summary")
    except DataError:  # the state says so
        return None


def _document(run: RunInfo) -> dict[str, Any]:
    return {
        "id": run.id,
        "path": str(run.path),
        "verb": run.verb,
        "data": run.data,
        "created": run.created,
        "state": run.state,
        "summary": _summary(run),
        "bytes": run.bytes,
    }


def _row(run: RunInfo) -> dict[str, str]:
    return {
        "id": run.id or run.path.name,
        "when": _when(run.created),
        "data": clean(run.data),
        "verb": clean(run.verb),
        "state": run.state,
        "result": _result(_summary(run)),
        "size": _size(run.bytes),
    }


def _result(summary: Any) -> str:
    if not isinstance(summary, Mapping):
        return clean(summary or "")
    tied = len(summary.get("tied") or [])
    score = summary.get("score")
    number = "" if score is None else f", {summary.get('metric')} {score:.4g}"
    return clean(f"{summary.get('winner')}{f' and {tied} tied' if tied else ''}{number}")


def _when(created: str) -> str:
    try:
        return f"{datetime.datetime.fromisoformat(created).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return ""


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if count >= 10 or unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def _table(rows: Sequence[Mapping[str, str]], width: int) -> str:
    names = list(rows[0])
    widths = {name: max(cells(name), *(cells(row[name]) for row in rows)) for name in names}
    limits = {"data": 24, "result": 60}
    widths = {name: min(each, limits.get(name, each)) for name, each in widths.items()}
    for least in DROPPED:
        over = sum(widths[name] for name in names) + len(GAP) * (len(names) - 1) - width
        if over <= 0:
            break
        if least in ("result", "state") and widths[least] - over >= 12:
            widths[least] -= over
            break
        names.remove(least)
    lines = [GAP.join(_cell(name, name, widths[name]) for name in names)]
    lines += [GAP.join(_cell(name, row[name], widths[name]) for name in names) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def _cell(name: str, text: str, width: int) -> str:
    shown = cut(text, width)
    blank = " " * (width - cells(shown))
    return blank + shown if name == "size" else shown + blank
