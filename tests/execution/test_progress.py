"""Progress: plain lines at most ten seconds apart, a bar that leaves nothing behind, slow training."""

import sys
import threading
import time as real_time
import types
from itertools import pairwise

import pytest

from ravine.execution import progress
from ravine.execution.events import (
    ChunkDone,
    DataLoaded,
    Noted,
    PlanReady,
    RangeExtended,
    RunEnded,
    StageStarted,
)
from ravine.execution.progress import LINE_INTERVAL_S, Activity, Bar, Lines, NotebookBar, beating

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
    monkeypatch.setattr(progress, "time", time)
    return time


def rich_console():
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def test_a_line_of_progress_comes_every_five_seconds_also_without_an_event(clock):
    written = []
    lines = Lines(lambda line: written.append((clock.now, line)))
    lines.show_event(StageStarted("measure", "curvature"))
    for second in range(1, 31):
        clock.now = float(second)
        lines.beat()
    moments = [moment for moment, _ in written]
    assert LINE_INTERVAL_S == 5.0 and moments == [5.0, 10.0, 15.0, 20.0, 25.0, 30.0]
    assert written[1] == (10.0, "measuring curvature: 10 s so far")


def test_events_write_lines_no_closer_than_five_seconds(clock):
    written = []
    lines = Lines(lambda line: written.append(clock.now), messages=False)
    for event in events():
        clock.now += 4.0
        lines.show_event(event)
    assert written[0] >= LINE_INTERVAL_S
    assert {later - earlier for earlier, later in pairwise(written)} == {8.0}


def test_a_line_of_progress_says_share_runs_and_time_left(clock):
    written = []
    lines = Lines(written.append)
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
        (StageStarted("measure", "G7: peaks", 3, 39), "measuring G7: peaks (3 of 39): 0 s so far"),
    ):
        clock.now += LINE_INTERVAL_S
        lines.show_event(event)
        assert written.pop() == line
    clock.now += 12.0
    lines.show_event(ChunkDone("tune", "adam", 50, 100, 1, 0))
    clock.now += 12.0
    lines.beat()
    assert written[-1].endswith("50 % of 100 network steps, 1 run done, last report 12 s ago")


def test_lines_show_each_message_once_and_the_run_directory(clock):
    written = []
    lines = Lines(written.append)
    for event in events():
        lines.show_event(event)
    data = "digits: 1,797 rows, 64 features, target 'target' (10 classes)"
    assert written == [data, NOTE, "12 networks", "Run: runs/a", EXTENDED]


def test_without_messages_only_progress_is_shown(clock):
    written = []
    lines = Lines(written.append, messages=False)
    for event in events():
        lines.show_event(event)
    assert written == []


@pytest.mark.parametrize(
    ("estimate", "silent", "slow"),
    [(2.0, 99.0, False), (2.0, 100.0, True), (0.01, 19.0, False), (0.01, 20.0, True), (None, 1e6, False)],
)
def test_a_chunk_of_fifty_times_its_estimate_is_reported_once(clock, estimate, silent, slow):
    activity = Activity()
    activity.follow(ChunkDone("tune", "optax:galore", 10, 100, 0, 0, next_chunk_s=estimate))
    clock.now += silent
    line = activity.slow_line()
    assert (line is not None) == slow
    if line is not None:
        assert f"tuning optax:galore has been busy for {silent:.0f} s" in line
    clock.now += 1e6
    assert activity.slow_line() is None or not slow


def test_a_stage_without_training_is_never_slow(clock):
    activity = Activity()
    activity.follow(ChunkDone("tune", "adam", 10, 100, 0, 0, next_chunk_s=0.1))
    activity.follow(StageStarted("compile", "sgd"))
    clock.now += 1e6
    assert activity.slow_line() is None


def test_a_bar_shows_each_message_once_and_follows_the_work(capsys):
    bar = Bar(rich_console(), 100)
    states = []
    for event in events():
        bar.show_event(event)
        task = bar.bars.tasks[0]
        states.append((task.description, task.completed, task.total))
    bar.close()
    shown = capsys.readouterr().err
    assert [shown.count(message) for message in (NOTE, EXTENDED, "12 networks", "Run: runs/a")] == [1] * 4
    assert states[0] == ("planning", 0, None)
    assert states[3][0] == "tuning"
    assert states[13] == ("tuning adam", 0.9, 1.0)
    assert states[15] == ("evaluating sgd", 1.0, 1.0)
    assert states[16][0] == "testing"


def test_a_bar_counts_parts_of_known_number(capsys):
    bar = Bar(rich_console(), 100)
    for place in (1, 3):
        bar.show_event(StageStarted("measure", f"claim {place}", place, 4))
        assert bar.bars.tasks[0].completed == (place - 1) / 4
    bar.close()


def test_a_bar_in_a_notebook_is_updated_and_empty_at_the_end(monkeypatch, clock):
    shown = []
    handle = types.SimpleNamespace(update=shown.append)
    module = types.SimpleNamespace(
        HTML=str, display=lambda first, display_id: (shown.append(first), handle)[1]
    )
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(display=module))
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    bar = NotebookBar()
    clock.now = 1.0
    bar.show_event(ChunkDone("tune", "a<b", 25, 100, 0, 0))
    bar.show_event(ChunkDone("tune", "a<b", 50, 100, 0, 0))  # too early for another update
    bar.close()
    assert len(shown) == 3 and shown[-1] == ""
    assert 'value="0.2500"' in shown[1] and "tuning a&lt;b: 25 %" in shown[1]


def test_the_thread_of_a_display_ends_with_the_block(monkeypatch):
    monkeypatch.setattr(progress, "BEAT_S", 0.01)
    display = Lines(lambda line: None)
    beats = threading.Semaphore(0)
    monkeypatch.setattr(display, "beat", beats.release)
    with beating(display):
        assert beats.acquire(timeout=10) and beats.acquire(timeout=10)
    while beats.acquire(blocking=False):
        pass
    real_time.sleep(0.1)
    assert not beats.acquire(blocking=False)
