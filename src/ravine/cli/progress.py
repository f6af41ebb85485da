"""How far a study is: a bar on a terminal, one plain line at most every ten seconds elsewhere, or nothing.

What a study found out (columns dropped, a range that grew) is a note: shown once, whole, in either form.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from ravine.cli.console import Screen, is_terminal

if TYPE_CHECKING:
    from ravine.execution.events import Event

__all__ = ["Bar", "Lines", "Progress", "showing"]

EVERY = 10.0  # seconds between lines where nobody watches
NOTES = ("data", "plan", "extend")  # stages whose messages are worth keeping on the screen
TITLES = {
    "compile": "compiling",
    "tune": "tuning",
    "extend": "tuning further",
    "evaluate": "evaluating",
    "train": "training",
    "test": "testing",
    "save": "saving",
}


class Progress(Protocol):
    """Takes a study's events and lines of text. Both may be called from any thread."""

    def event(self, event: Event) -> None: ...

    def note(self, line: str) -> None: ...


@contextmanager
def showing(screen: Screen) -> Iterator[Progress]:
    """Yield what suits standard error; on leaving, the bar is gone."""
    if is_terminal(sys.stderr) and os.environ.get("TERM") != "dumb" and not screen.quiet:
        bar = Bar(screen)
        try:
            yield bar
        finally:
            bar.close()
    else:
        yield Lines(screen)


def is_note(event: Event) -> bool:
    """Return whether an event tells something once rather than how far it is."""
    return event.stage in NOTES and bool(event.message) and event.total == 0


class Lines:
    """Plain lines, the first progress after ten seconds."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.last = time.monotonic()
        self.first: tuple[float, int] | None = None  # when the first steps were told, and how many

    def note(self, line: str) -> None:
        self.screen.say(self.screen.wrapped(line))

    def event(self, event: Event) -> None:
        if is_note(event):
            self.note(event.message)
            return
        now = time.monotonic()
        if event.total <= 0:
            return
        self.first = self.first or (now, event.done)  # compiling comes before, and says nothing of the rest
        if now - self.last >= EVERY:
            self.last = now
            left = _left(event, now - self.first[0], event.done - self.first[1])
            self.screen.say(f"{_what(event)}: {_how_far(event)}{left}")


class Bar:
    """A bar of rich on standard error, removed when the study ends."""

    def __init__(self, screen: Screen) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        self.screen = screen
        self.console = Console(stderr=True, highlight=False, markup=False, emoji=False)
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
        if is_note(event):
            self.note(event.message)
            return
        if event.total > 0:
            # a plan may grow as ranges do; the bar never runs over its end
            done = min(event.done, event.total)
            self.bars.update(
                self.task, description=_what(event), completed=done, total=event.total, runs=_runs(event)
            )
        else:
            self.bars.update(self.task, description=_what(event))

    def close(self) -> None:
        self.bars.stop()


def _what(event: Event) -> str:
    title = TITLES.get(event.stage, event.stage)
    return f"{title} {event.message}" if event.message and event.stage != "test" else title


def _how_far(event: Event) -> str:
    share = f"{100 * min(1.0, event.done / event.total):.0f} %"
    return f"{share} of {event.total:,} network steps, {_runs(event)}"


def _runs(event: Event) -> str:
    lost = f", {event.diverged:,} diverged" if event.diverged else ""
    return f"{event.finished:,} runs done{lost}"


def _left(event: Event, seconds: float, steps: int) -> str:
    """Return how long it will take, by the `steps` done in the last `seconds`; nothing if none were."""
    if steps <= 0:
        return ""
    left = seconds * max(0, event.total - event.done) / steps
    return f", about {left:.0f} s left" if left < 120 else f", about {left / 60:.0f} min left"
