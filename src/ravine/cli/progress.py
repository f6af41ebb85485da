"""Progress of a study: a bar on a terminal, one plain line every few seconds elsewhere, or nothing.

Messages of events (columns dropped, an extended range) are shown once, whole, in either form.
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

LINE_INTERVAL_S = 10.0  # between lines where standard error is no terminal
TITLES = {
    "tune": "tuning",
    "extend": "tuning further",
    "evaluate": "evaluating",
    "train": "training",
    "measure": "measuring",
    "test": "testing",
    "save": "saving",
}


class Progress(Protocol):
    """A listener for events and lines of text. Both may come from any thread."""

    def event(self, event: Event) -> None: ...

    def note(self, line: str) -> None: ...


@contextmanager
def progress_display(console: Console) -> Iterator[Progress]:
    """Yield what suits standard error; on leaving, the bar is gone."""
    if is_terminal(sys.stderr) and os.environ.get("TERM") != "dumb" and not console.quiet:
        bar = Bar(console)
        try:
            yield bar
        finally:
            bar.close()
    else:
        yield Lines(console)


def _is_progress(event: Event) -> bool:
    from ravine.execution.events import ChunkDone

    return isinstance(event, ChunkDone)


def _messages(event: Event) -> list[str]:
    """Return the lines that an event leaves on the screen."""
    from ravine.execution.events import PlanReady

    lines = [event.message] if event.message else []
    if isinstance(event, PlanReady) and event.run_dir is not None:  # from here on the directory stays
        lines.append(f"Run: {event.run_dir}")
    return lines


class Lines:
    """Plain lines, the first progress after ten seconds."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.last = time.monotonic()

    def note(self, line: str) -> None:
        self.console.info(self.console.wrapped(line))

    def event(self, event: Event) -> None:
        for line in _messages(event):
            self.note(line)
        now = time.monotonic()
        if _is_progress(event) and now - self.last >= LINE_INTERVAL_S:
            self.last = now
            self.console.info(_progress_line(event))  # type: ignore[arg-type]


class Bar:
    """A bar of rich on standard error, removed when the study ends."""

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
        if self.console.width >= 80:
            columns.append(TextColumn("{task.fields[runs]}", markup=False))
        self.bars = Progress(*columns, console=self.console, transient=True, expand=True)
        self.task = self.bars.add_task("reading", total=None, runs="")
        self.bars.start()

    def note(self, line: str) -> None:
        self.console.print(line, soft_wrap=False)

    def event(self, event: Event) -> None:
        from ravine.execution.events import ChunkDone, StageStarted

        for line in _messages(event):
            self.note(line)
        if isinstance(event, ChunkDone):
            # a plan may grow when ranges are extended; the bar never passes its end
            done = min(event.done, event.total)
            title = _title(event.stage, event.about)
            self.bars.update(
                self.task, description=title, completed=done, total=event.total, runs=_runs(event)
            )
        elif isinstance(event, StageStarted):
            self.bars.update(self.task, description=_title(event.stage, event.about))

    def close(self) -> None:
        self.bars.stop()


def _title(stage: str, about: str) -> str:
    name = TITLES.get(stage.rstrip("0123456789"), stage)
    return f"{name} {about}" if about and stage != "test" else name


def _progress_line(event: ChunkDone) -> str:
    share = f"{100 * min(1.0, event.done / event.total):.0f} %" if event.total else "0 %"
    title = _title(event.stage, event.about)
    return f"{title}: {share} of {event.total:,} network steps, {_runs(event)}{_left(event.seconds_left)}"


def _runs(event: ChunkDone) -> str:
    lost = f", {event.diverged:,} diverged" if event.diverged else ""
    return f"{event.finished:,} runs done{lost}"


def _left(seconds: float | None) -> str:
    """Return how long it will take, or nothing if that is not known."""
    if seconds is None:
        return ""
    return f", about {seconds:.0f} s left" if seconds < 120 else f", about {seconds / 60:.0f} min left"
