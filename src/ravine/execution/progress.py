"""Displays of the progress of a study: a bar on a terminal or in a notebook, elsewhere a line every 5 s.

A display listens to the events of a study. By default it also shows the message of every event. A thread
refreshes the display between two events, so that no study is silent for long. This thread also reports
training steps that take far longer than expected.
"""

from __future__ import annotations

import html
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ravine.execution.events import ChunkDone, DataLoaded, Event, PlanReady, StageStarted
from ravine.render.cells import printable
from ravine.render.numbers import count

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

__all__ = ["BEAT_S", "LINE_INTERVAL_S", "Activity", "Bar", "Display", "Lines", "NotebookBar", "beating"]

LINE_INTERVAL_S = 5.0  # between two lines of progress
BEAT_S = 1.0  # between two looks of the thread
SILENT_S = 10.0  # without an event; from then on a line of progress says when the last report came
SLOW_FACTOR = 50  # times the estimate of the training steps between two reports
SLOW_S = 20.0  # shorter times are not slow, whatever the estimate
BAR_WITH_RUNS = 80  # columns of a terminal whose bar also shows the number of runs
MINUTES_FROM_S = 120  # a longer time left is shown in minutes
NOTEBOOK_INTERVAL_S = 0.5  # between two updates of a bar in a notebook
TITLES = {
    "first": "tuning",
    "tune": "tuning",
    "extend": "tuning further",
    "evaluate": "evaluating",
    "train": "training",
    "compile": "compiling",
    "measure": "measuring",
    "baselines": "baselines:",
    "animate": "animating",
    "test": "testing",
    "predict": "reading and predicting",
    "save": "saving",
}


class Activity:
    """The present activity of a study, such as tuning of adam, and the share of the work that is done.

    It follows from the events of the study. Times are those of `time.monotonic`.
    """

    def __init__(self) -> None:
        self.title = "reading"
        self.chunk: ChunkDone | None = None  # None in a stage without training
        self.share: float | None = None  # part that is done, None if it is not known
        self.since_s = time.monotonic()  # of the latest event
        self.was_slow = False

    def follow(self, event: Event) -> None:
        """Update the activity, its share and its time from an event; ignore an event without an activity."""
        if isinstance(event, ChunkDone):
            self.title, self.chunk = _title(event.stage, event.about), event
            # an extended range adds runs, so `done` may exceed the `total` of an earlier event
            self.share = min(1.0, event.done / event.total) if event.total else 0.0
        elif isinstance(event, StageStarted):
            self.title, self.chunk = _title(event.stage, event.about), None
            if event.place is not None and event.count:
                self.title += f" ({event.place} of {event.count})"
                self.share = (event.place - 1) / event.count
        elif isinstance(event, DataLoaded):
            self.title, self.chunk = "planning", None
        elif isinstance(event, PlanReady):
            self.title, self.chunk = "preparing", None
        else:
            return
        self.since_s = time.monotonic()

    @property
    def waited_s(self) -> float:
        """Seconds since the latest event that named an activity or reported its progress."""
        return time.monotonic() - self.since_s

    def line(self) -> str:
        """Return the present activity of the study, with progress or waiting time, as one line of text."""
        if self.chunk is None:
            return f"{self.title}: {self.waited_s:.0f} s so far"
        share = f"{100 * (self.share or 0.0):.0f} %"
        rest = f"{_run_counts(self.chunk)}{_time_left(self.chunk.seconds_left)}"
        last = f", last report {self.waited_s:.0f} s ago" if self.waited_s >= SILENT_S else ""
        return f"{self.title}: {share} of {self.chunk.total:,} network steps, {rest}{last}"

    def slow_line(self) -> str | None:
        """Return a warning if training takes far longer than estimated; None otherwise, and after a warning.

        The limit is 50 times the estimate for the present chunk of training, and at least 20 s. A study gets
        at most one warning.
        """
        estimate = None if self.chunk is None else self.chunk.next_chunk_s
        if self.was_slow or estimate is None or self.waited_s < max(SLOW_S, SLOW_FACTOR * estimate):
            return None
        self.was_slow = True
        expected = f"{estimate:.0f} s" if estimate >= 1 else "less than 1 s"
        return (
            f"Slow: {self.title} has been busy for {self.waited_s:.0f} s with training steps that should "
            f"take {expected}. If no other program occupies this machine, the training may hang."
        )


class Display:
    """The base of displays that show the progress of a study from its events. Threads may share a display.

    messages: whether the display also shows the message of each event.
    """

    def __init__(self, messages: bool = True) -> None:
        self.messages = messages
        self.activity = Activity()
        self._lock = threading.RLock()

    def show_event(self, event: Event) -> None:
        """Show the progress that an event reports, and its message unless messages are switched off."""
        with self._lock:
            if self.messages:
                for line in _messages(event):
                    self.show_line(line)
            self.activity.follow(event)
            self._update()

    def beat(self) -> None:
        """Refresh the display of a study's progress, and warn if training is far slower than estimated.

        A thread calls this method once per second, because events of the study may be far apart.
        """
        with self._lock:
            if slow := self.activity.slow_line():
                self.show_line(slow)
            self._update()

    def show_line(self, line: str) -> None:
        """Show one line of text that stays on the screen."""
        raise NotImplementedError

    def _update(self) -> None:
        """Show the activity."""
        raise NotImplementedError

    def close(self) -> None:
        """Remove the progress bar, if the display has one."""


@contextmanager
def beating(display: Display) -> Iterator[Display]:
    """Refresh a display once per second, from a thread, until the `with` block ends; then close the display.

    The context yields the display.
    """
    over = threading.Event()

    def run() -> None:
        while not over.wait(BEAT_S):
            display.beat()

    thread = threading.Thread(target=run, name="progress", daemon=True)
    thread.start()
    try:
        yield display
    finally:
        over.set()
        thread.join()
        display.close()


class Lines(Display):
    """A display of progress as plain lines of text, for output that is no terminal.

    A line of progress follows at the earliest five seconds after the previous line of any kind. write:
    function that writes one line.
    """

    def __init__(self, write: Callable[[str], None], messages: bool = True) -> None:
        super().__init__(messages)
        self.write = write
        self.last_line_s = time.monotonic()

    def show_line(self, line: str) -> None:
        with self._lock:
            self.last_line_s = time.monotonic()
            self.write(line)

    def _update(self) -> None:
        if time.monotonic() - self.last_line_s >= LINE_INTERVAL_S:
            self.show_line(self.activity.line())


class Bar(Display):
    """A display of progress as a bar on a terminal, drawn with rich. width: columns of the terminal."""

    def __init__(self, console: RichConsole, width: int, messages: bool = True) -> None:
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        super().__init__(messages)
        self.console = console
        columns: list[Any] = [
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TaskProgressColumn(),
            TimeRemainingColumn(compact=True),
        ]
        if width >= BAR_WITH_RUNS:
            columns.append(TextColumn("{task.fields[runs]}", markup=False))
        self.bars = Progress(*columns, console=console, transient=True, expand=True)
        self.task = self.bars.add_task(self.activity.title, total=None, runs="")
        self.bars.start()

    def show_line(self, line: str) -> None:
        self.console.print(printable(line), soft_wrap=False)

    def _update(self) -> None:
        activity, title = self.activity, self.activity.title
        if activity.chunk is not None:
            self.bars.update(self.task, runs=_run_counts(activity.chunk))
        elif activity.waited_s >= LINE_INTERVAL_S:
            title += f", {activity.waited_s:.0f} s"
        if activity.share is not None:
            self.bars.update(self.task, completed=activity.share, total=1.0)
        self.bars.update(self.task, description=printable(title))

    def close(self) -> None:
        self.bars.stop()


class NotebookBar(Display):
    """A display of progress as a bar below the cell of a notebook; the bar disappears at the end."""

    def __init__(self, messages: bool = True) -> None:
        from IPython.display import HTML, display

        super().__init__(messages)
        self._html, self._shown_s = HTML, time.monotonic()
        self._handle = display(HTML(self.html()), display_id=True)

    def html(self) -> str:
        """Return the progress bar and the line on the present activity as HTML."""
        activity = self.activity
        value = "" if activity.share is None else f' value="{activity.share:.4f}"'
        return (
            f'<progress max="1"{value} style="width: 16em; vertical-align: middle"></progress> '
            f"<span>{html.escape(activity.line())}</span>"
        )

    def show_line(self, line: str) -> None:
        print(printable(line), file=sys.stderr)

    def _update(self) -> None:
        now = time.monotonic()
        if now - self._shown_s >= NOTEBOOK_INTERVAL_S:
            self._shown_s = now
            self._handle.update(self._html(self.html()))

    def close(self) -> None:
        self._handle.update(self._html(""))


def _messages(event: Event) -> list[str]:
    """Return the lines of an event that stay on the screen."""
    lines = event.message.splitlines()
    if isinstance(event, PlanReady) and event.run_dir is not None:  # from here on the run can be resumed
        lines.append(f"Run: {event.run_dir}")
    return lines


def _title(stage: str, about: str) -> str:
    name = TITLES.get(stage.rstrip("0123456789"), stage)
    return f"{name} {about}" if about and stage != "test" else name


def _run_counts(event: ChunkDone) -> str:
    lost = f", {event.diverged:,} diverged" if event.diverged else ""
    return f"{count(event.finished, 'run')} done{lost}"


def _time_left(seconds: float | None) -> str:
    """Return the time left in words; empty if it is not known."""
    if seconds is None:
        return ""
    return (
        f", about {seconds:.0f} s left"
        if seconds < MINUTES_FROM_S
        else f", about {seconds / 60:.0f} min left"
    )
