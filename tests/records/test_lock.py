"""One writer at a time, and who may write."""

import datetime
import json
import os
import pwd
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
    with pytest.raises(DataError, match=rf"Another process \(pid {first.pid} .*kill {first.pid}"):
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
    (run.path / ".tmp/pictures").mkdir(parents=True)
    for left in ("1234abcd", "pictures/a.png"):
        (run.path / ".tmp" / left).write_text("half")
    with RunDirectory.open().lock():
        assert not (run.path / ".tmp").exists()


def test_the_message_names_user_host_and_time(here, make):
    with make() as run:
        owner = json.loads((run.path / ".lock").read_text())
        assert owner["pid"] == str(os.getpid()) and owner["host"] == os.uname().nodename
        assert owner["user"] == pwd.getpwuid(os.getuid()).pw_name
        began = datetime.datetime.fromisoformat(owner["since"])
        assert abs((datetime.datetime.now(datetime.UTC) - began).total_seconds()) < 60
        with pytest.raises(DataError) as caught:
            RunDirectory.open(run.id).lock()
    for fact in owner.values():
        assert fact in caught.value.what


def test_the_text_of_a_killed_writer_or_of_another_machine_misleads_nobody(here, make):
    make().close()
    run = RunDirectory.open()
    text = json.dumps({"pid": "1", "user": "root", "host": "elsewhere", "since": "2020-01-01"})
    (run.path / ".lock").write_text(text)
    with run.lock():  # the text alone locks nothing
        assert "elsewhere" not in (run.path / ".lock").read_text()
        (run.path / ".lock").write_text(text)
        with pytest.raises(DataError) as caught:
            RunDirectory.open(run.id).lock()
    assert "elsewhere" in caught.value.what and "kill" not in caught.value.fix


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_a_lock_that_is_no_regular_file_is_refused(here, make, kind):
    make().close()
    run = RunDirectory.open()
    (here / "victim").write_text("precious")
    (run.path / ".lock").unlink()
    if kind == "link":
        (run.path / ".lock").symlink_to(here / "victim")
    elif kind == "pipe":
        os.mkfifo(run.path / ".lock")
    else:
        (run.path / ".lock").mkdir()
    assert not is_locked(run.path)
    with pytest.raises(DataError, match=rf"lock' is a {kind}"):
        run.lock()
    assert (here / "victim").read_text() == "precious"


def test_a_lock_with_another_name_outside_is_not_written_to(here, make):
    make().close()
    run = RunDirectory.open()
    (here / "victim").write_text("precious")
    (run.path / ".lock").unlink()
    (run.path / ".lock").hardlink_to(here / "victim")
    with run.lock(), pytest.raises(DataError, match=f"pid {os.getpid()}"):
        RunDirectory.open(run.id).lock()
    assert (here / "victim").read_text() == "precious"


def test_a_folder_that_is_replaced_while_a_run_writes_is_noticed(here, make):
    with make() as run, make() as other:
        run.path.rename("moved")
        with pytest.raises(DataError, match="deleted, moved or replaced"):
            run.update(note="lost")
        other.path.rename(run.path)
        with pytest.raises(DataError, match="deleted, moved or replaced"):
            run.update(note="in another run")
        assert "another" not in (run.path / "run.json").read_text()
