"""`ravine bench [ROW]...`: the benchmarks of the checkout."""

from __future__ import annotations

import click

from ravine.cli.failures import INTERNAL, SOME_FAILED
from ravine.cli.help import Verb
from ravine.cli.options import output_flags
from ravine.cli.screen import Screen
from ravine.studies.bench import ROWS

__all__ = ["bench"]


@click.command(
    cls=Verb,
    short_help="Measure speed against other libraries.",
    help="Run the benchmarks of a checkout of Ravine, all or the ROWs named, and print the table: ours, "
    "theirs, their ratio, what is wanted.\n\nROWs: " + ", ".join(ROWS) + ".",
    examples=("ravine bench", "ravine bench small_networks_torch_loop --json", "ravine bench --quick"),
)
@click.argument("rows", metavar="[ROW]...", nargs=-1)
@click.option("--quick", is_flag=True, help="Tiny sizes, to see that all works: no measurement.")
@output_flags(out="")
@click.pass_obj
def bench(screen: Screen, rows: tuple[str, ...], quick: bool, json: bool, quiet: bool, verbose: bool) -> int:
    """Run, show."""
    from ravine.studies.bench import bench as measure
    from ravine.studies.bench import bench_text

    screen.configure(json=json, quiet=quiet, verbose=verbose)
    count = len(rows) or len(ROWS)
    screen.say(f"Running {count} benchmark{'s' * (count > 1)}, one after another.")
    document = measure(rows, quick, lambda event: screen.say(event.message))
    if json:
        screen.show_document(document)
    else:
        text = bench_text(document)
        screen.show(text if screen.unicode else text.encode("ascii", "replace").decode("ascii"))
    if not document["failed"]:
        return 0
    return SOME_FAILED if document["rows"] else INTERNAL
