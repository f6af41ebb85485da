"""Progress of a study: a bar on a terminal, a plain line every ten seconds elsewhere.

Both forms also show the message of every event, such as dropped columns or an extended range.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from ravine.cli.console import Console, is_terminal

if TYPE_CHECKING:
    from ravine.execution.events import ChunkDone, Event

__all__ = ["LINE_INTERVAL_S", "Bar", "Lines", "Progress", "progress_display"]

LINE_INTERVAL_S = 10.0  # between two lines of progress
BAR_WITH_RUNS = 80  # columns of a terminal whose bar also shows the number of runs
MINUTES_FROM_S = 120  # a longer time left is shown in minutes
TITLES = {
    "first": "tuning",
    "tune": "tuning",
    "extend": "tuning further",
    "evaluate": "evaluating",
    "train": "training",
    "measure": "measuring",
    "test": "testing",
    "save": "saving",
}


class Progress(Protocol):
    """A listener of a study. Any thread may call it."""

    def show_event(self, event: Event) -> None:
        """Show the message of an event and the progress that it reports."""

    def show_line(self, line: str) -> None:
        """Show one line of text."""


@contextmanager
def progress_display(console: Console) -> Iterator[Progress]:
    """Yield a bar if standard error is a terminal, plain lines otherwise. The bar is removed at the end."""
    if is_terminal(sys.stderr) and os.environ.get("TERM") != "dumb" and not console.quiet:
        bar = Bar(console)
        try:
            yield bar
        finally:
            bar.close()
    else:
        yield Lines(console)


def _messages(event: Event) -> list[str]:
    """Return the lines of an event that stay on the screen."""
    from ravine.execution.events import PlanReady

    lines = event.message.splitlines()
    if isinstance(event, PlanReady) and event.run_dir is not None:  # from here on the run can be resumed
        lines.append(f"Run: {event.run_dir}")
    return lines


class Lines:
    """Plain lines on standard error. The first line of progress comes after ten seconds."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.last_line_s = time.monotonic()

    def show_line(self, line: str) -> None:
        self.console.info(self.console.wrapped(line))

    def show_event(self, event: Event) -> None:
        from ravine.execution.events import ChunkDone

        for line in _messages(event):
            self.show_line(line)
        now = time.monotonic()
        if isinstance(event, ChunkDone) and now - self.last_line_s >= LINE_INTERVAL_S:
            self.last_line_s = now
            self.console.info(_progress_line(event))


class Bar:
    """A progress bar on standard error, drawn with the package rich."""

    def __init__(self, console: Console) -> None:
        from rich.console import Console as RichConsole
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        self.console = RichConsole(stderr=True, highlight=False, markup=False, emoji=False)
        columns: list[Any] = [
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TaskProgressColumn(),
            TimeRemainingColumn(compact=True),
        ]
        if self.console.width >= BAR_WITH_RUNS:
            columns.append(TextColumn("{task.fields[runs]}", markup=False))
        self.bars = Progress(*columns, console=self.console, transient=True, expand=True)
        self.task = self.bars.add_task("reading", total=None, runs="")
        self.bars.start()

    def show_line(self, line: str) -> None:
        self.console.print(line, soft_wrap=False)

    def show_event(self, event: Event) -> None:
        from ravine.execution.events import ChunkDone, StageStarted

        for line in _messages(event):
            self.show_line(line)
        if isinstance(event, ChunkDone):
            # an extended range adds runs, so `done` may exceed the `total` of an earlier event
            done = min(event.done, event.total)
            title = _title(event.stage, event.about)
            self.bars.update(
                self.task, description=title, completed=done, total=event.total, runs=_run_counts(event)
            )
        elif isinstance(event, StageStarted):
            self.bars.update(self.task, description=_title(event.stage, event.about))

    def close(self) -> None:
        """Remove the bar."""
        self.bars.stop()


def _title(stage: str, about: str) -> str:
    name = TITLES.get(stage.rstrip("0123456789"), stage)
    return f"{name} {about}" if about and stage != "test" else name


def _progress_line(event: ChunkDone) -> str:
    share = f"{100 * min(1.0, event.done / event.total):.0f} %" if event.total else "0 %"
    title = _title(event.stage, event.about)
    rest = f"{_run_counts(event)}{_time_left(event.seconds_left)}"
    return f"{title}: {share} of {event.total:,} network steps, {rest}"


def _run_counts(event: ChunkDone) -> str:
    lost = f", {event.diverged:,} diverged" if event.diverged else ""
    return f"{event.finished:,} runs done{lost}"


def _time_left(seconds: float | None) -> str:
    """Return the time left in words; empty if it is not known."""
    if seconds is None:
        return ""
    return (
        f", about {seconds:.0f} s left"
        if seconds < MINUTES_FROM_S
        else f", about {seconds / 60:.0f} min left"
    )
