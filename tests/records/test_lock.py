"""One writer at a time, and who may write."""

import os
import signal

import pytest

from ravine.errors import DataError, UsageError
from ravine.records.lock import is_locked
from ravine.records.run_directory import RunDirectory
from ravine.records.run_index import INTERRUPTED, list_runs

WRITER = """
import sys, time
from ravine.records.run_directory import RunDirectory
run = RunDirectory.create(name="digits")
print(run.id, flush=True)
time.sleep(60)
"""


def test_a_second_writer_is_told_who_the_first_is_and_kill_9_frees_the_run(here, child):
    first = child(WRITER)
    name = first.stdout.readline().strip()
    run = RunDirectory.open(name)
    assert [each.state for each in list_runs()] == ["running"]
    with pytest.raises(DataError, match=rf"Another process \(pid {first.pid}\).*kill {first.pid}"):
        run.lock()
    assert not run.locked
    first.send_signal(signal.SIGKILL)
    first.wait()
    first.stdout.close()
    assert [each.state for each in list_runs()] == [INTERRUPTED]
    with run.lock():
        assert [each.state for each in list_runs()] == ["running"]
        run.update(state="finished", summary="adam")
    assert [(each.state, each.summary) for each in list_runs()] == [("finished", "adam")]


def test_two_objects_of_one_process_are_two_writers(here, make):
    with make() as run:
        with pytest.raises(DataError, match=f"pid {os.getpid()}"):
            RunDirectory.open(run.id).lock()
        assert run.lock() is run  # again is harmless
    assert not is_locked(run.path)
    with RunDirectory.open(run.id).lock() as other:
        assert other.locked


def test_a_reader_that_looks_does_not_stop_a_writer(here, child, make):
    make().close()
    looker = child(
        "from ravine.records.run_index import list_runs\nprint(1, flush=True)\nwhile True: list_runs()"
    )
    looker.stdout.readline()
    try:
        for _ in range(40):
            RunDirectory.open().lock().close()
    finally:
        looker.kill()
        looker.wait()
        looker.stdout.close()


def test_a_reader_cannot_write(here, make, record):
    make().close()
    run = RunDirectory.open()
    for write in (
        lambda: run.update(state="finished"),
        lambda: run.log("x"),
        lambda: run.save_cohort("a", record),
        lambda: run.save_state("a", {}),
        lambda: run.drop_state("a"),
    ):
        with pytest.raises(UsageError, match=r"Call lock\(\) first"):
            write()


def test_lock_sweeps_up_what_a_killed_writer_left(here, make, record):
    with make() as run:
        run.save_cohort("a", record)
    for left in (".tmp-1-a", "cohorts/.tmp-2-b"):
        (run.path / left).write_text("half")
    with RunDirectory.open().lock():
        assert not list(run.path.rglob(".tmp-*"))
