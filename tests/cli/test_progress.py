"""Progress: rare plain lines where standard error is no terminal, and a bar that leaves nothing behind."""

import types
from itertools import pairwise

import pytest

from ravine.cli.console import Console
from ravine.cli.progress import LINE_INTERVAL_S, Bar, Lines, progress_display
from ravine.execution.events import (
    ChunkDone,
    DataLoaded,
    Noted,
    PlanReady,
    RangeExtended,
    RunEnded,
    StageStarted,
)

NOTE = "column 'id' left out"
EXTENDED = "one decade more for all"


def events():
    yield DataLoaded("digits", 1797, 64, "classify", "target", 10)
    yield Noted(NOTE)
    yield PlanReady("12 networks", 100, "runs/a")
    yield StageStarted("tune")
    for done in range(0, 100, 10):
        left = (100 - done) / 10 if done else None
        yield ChunkDone("tune", "adam", done, 100, done // 10, 1, left)
    yield RangeExtended("high", ("adam",), EXTENDED)
    yield ChunkDone("evaluate", "sgd", 120, 110, 11, 2)  # a plan that grew: never over the end
    yield StageStarted("test", "the test split, read once")
    yield RunEnded("finished", 12.0)


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test moves."""
    time = types.SimpleNamespace(now=0.0)
    time.monotonic = lambda: time.now
    monkeypatch.setattr("ravine.cli.progress.time", time)
    return time


def test_lines_of_progress_are_ten_seconds_apart(capsys, clock):
    lines, moments = Lines(Console()), []
    for event in events():
        clock.now += 4.0
        lines.show_event(event)
        moments += [clock.now] * capsys.readouterr().err.count("network steps")
    assert moments[0] >= LINE_INTERVAL_S == 10.0
    assert all(later - earlier == 12.0 for earlier, later in pairwise(moments))
    assert len(moments) == 4  # of 64 seconds, the last event with progress at 60


def test_a_line_of_progress_says_share_runs_and_time_left(capsys, clock):
    lines = Lines(Console())
    for event, line in (
        (ChunkDone("tune", "adam", 0, 100, 0, 0), "tuning adam: 0 % of 100 network steps, 0 runs done"),
        (
            ChunkDone("extend2", "adam", 90, 1000, 9, 1, 4.4),
            "tuning further adam: 9 % of 1,000 network steps, 9 runs done, 1 diverged, about 4 s left",
        ),
        (
            ChunkDone("evaluate", "sgd", 120, 110, 11, 0, 300.0),
            "evaluating sgd: 100 % of 110 network steps, 11 runs done, about 5 min left",
        ),
    ):
        clock.now += LINE_INTERVAL_S
        lines.show_event(event)
        shown = capsys.readouterr()
        assert (shown.out, shown.err) == ("", f"{line}\n")


def test_lines_show_each_message_once_and_the_run_directory(capsys, clock):
    lines = Lines(Console())
    for event in events():
        lines.show_event(event)
    shown = capsys.readouterr().err.splitlines()
    data = "digits: 1,797 rows, 64 inputs, target 'target' (10 classes)"
    assert shown == [data, NOTE, "12 networks", "Run: runs/a", EXTENDED]


def test_quiet_lines_show_nothing(capsys, clock):
    console = Console()
    console.configure(json=False, quiet=True, verbose=False)
    lines = Lines(console)
    for event in events():
        clock.now += LINE_INTERVAL_S
        lines.show_event(event)
    assert capsys.readouterr().err == ""


def test_a_bar_shows_each_message_once_and_follows_the_work(capsys):
    bar = Bar(Console())
    states = []
    for event in events():
        bar.show_event(event)
        task = bar.bars.tasks[0]
        states.append((task.description, task.completed, task.total))
    bar.close()
    shown = capsys.readouterr().err
    assert [shown.count(message) for message in (NOTE, EXTENDED, "12 networks", "Run: runs/a")] == [1] * 4
    assert states[1] == ("reading", 0, None)
    assert states[3][0] == "tuning"
    assert states[13] == ("tuning adam", 90, 100)
    assert states[15] == ("evaluating sgd", 110, 110)
    assert states[16][0] == "testing"


@pytest.mark.parametrize(
    ("terminal", "kind", "quiet", "shown"),
    [
        (True, "xterm", False, Bar),
        (True, "xterm", True, Lines),
        (True, "dumb", False, Lines),
        (False, "xterm", False, Lines),
    ],
)
def test_the_display_suits_standard_error(monkeypatch, capsys, terminal, kind, quiet, shown):
    monkeypatch.setenv("TERM", kind)
    monkeypatch.setattr("ravine.cli.progress.is_terminal", lambda stream: terminal)
    console = Console()
    console.configure(json=False, quiet=quiet, verbose=False)
    with progress_display(console) as progress:
        assert type(progress) is shown
