"""A writer that is killed at any moment leaves files that fit the manifest, and loses no finished work."""

import errno
import json
import os
import textwrap

import numpy as np
import pytest

from ravine.errors import DataError
from ravine.records.manifest import check_run
from ravine.records.os_errors import DamagedFile
from ravine.records.run_directory import RunDirectory

CALLS = ("open", "replace", "fsync", "unlink", "mkdir", "rmdir", "stat")
KILLED = textwrap.dedent(
    """
    import json, os, sys
    import numpy as np
    from pathlib import Path
    from ravine.records.manifest import check_run
    from ravine.records.record import Record, Status
    from ravine.records.run_directory import RunDirectory

    RECORD = Record({"rate": [0.1]}, {"loss": [[1.0]]}, [Status.FINISHED])

    def finish(run):
        with run.writing_together():
            run.write("models/best/model.json", "{}")
            run.write_json("result.json", {"score": 1})
            run.update(state="finished")

    STEPS = [
        lambda run: run.write_json("plan.json", [1]),
        lambda run: run.save_state("s", {"step": np.array(1)}),
        lambda run: run.save_state("s", {"step": np.array(2)}),
        lambda run: run.save_cohort("c", RECORD),
        lambda run: run.drop_state("s"),
        lambda run: run.write_json("baselines.json", [1]),
        lambda run: run.write_json("baselines.json", [1, 2]),
        finish,
    ]

    def written(run):
        "How many steps the files show: the smallest and the largest number."
        state = run.load_state("s")
        if run.has("result.json"):
            assert run.read_json("result.json") == {"score": 1}
            assert run.read("models/best/model.json") == b"{}"
            return (8, 8) if run.metadata.state == "finished" else (7, 7)
        assert run.metadata.state == "running"
        if run.has("baselines.json"):
            return (5 + len(run.read_json("baselines.json")),) * 2
        if run.find_cohort("c") is not None:
            return (4, 4) if state is not None else (5, 5)
        if state is not None:
            return (1 + int(state["step"]),) * 2
        return (1, 1) if run.has("plan.json") else (0, 0)

    def killed_at(n, begin):
        "Run in a child that ends at its n-th call of the system; return the number of steps that were done."
        reader, writer = os.pipe()
        child = os.fork()
        if child:
            os.close(writer)
            done = len(os.read(reader, 100))
            while more := len(os.read(reader, 100)):
                done += more
            os.close(reader)
            return done, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        count = 0
        write = os.write

        def counted(real):
            def call(*words, **options):
                nonlocal count
                if count == n:
                    os._exit(9)
                count += 1
                return real(*words, **options)
            return call

        run = begin()
        for name in CALLS:
            setattr(os, name, counted(getattr(os, name)))
        if not run.locked:
            run.lock()
        for step in STEPS[run.written:]:
            step(run)
            write(writer, b".")
        run.close()
        os._exit(0)
    """
)
LOOP = textwrap.dedent(
    """
    def first():
        run = RunDirectory.create(name="a", out=f"run{n}")
        run.written = 0
        return run

    def again():
        run = RunDirectory.open(f"run{n}")
        run.written = seen
        return run

    n, total = 0, 0
    while True:
        done, status = killed_at(n, first)
        total += 1
        if check_run(f"run{n}"):
            print("first", n, done, check_run(f"run{n}")); break
        with RunDirectory.open(f"run{n}").lock() as run:
            low, high = written(run)
            faults = check_run(f"run{n}")
        seen = low
        if faults or not done <= low <= high <= done + 1:
            print("second", n, done, low, high, faults); break
        if status == 0:
            print("ok", total); break
        if n % 7 == 3:  # the resumed writer is killed as well, then a third one finishes
            more, status2 = killed_at(n % 29, again)
            if check_run(f"run{n}"):
                print("third", n, check_run(f"run{n}")); break
            with RunDirectory.open(f"run{n}").lock() as run:
                low, _ = written(run)
                if low < seen + more:
                    print("fourth", n, low, seen, more); break
                for step in STEPS[low:]:
                    step(run)
            if check_run(f"run{n}") or written(RunDirectory.open(f"run{n}")) != (8, 8):
                print("fifth", n, check_run(f"run{n}")); break
            if list(Path(f"run{n}").rglob(".tmp*")):
                print("left", n); break
        n += 1
    """
)


def test_a_writer_killed_at_any_call_of_the_system_leaves_a_run_that_fits(here, child):
    process = child(f"CALLS = {CALLS!r}\n{KILLED}\n{LOOP}")
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 0 and out.startswith("ok"), out
    assert int(out.split()[1]) > 100  # every call was tried


def test_files_written_together_appear_together_or_not_at_all(here, make):
    with make() as run:
        run.write_json("result.json", [1])
        with pytest.raises(ZeroDivisionError), run.writing_together():
            run.write_json("result.json", [2])
            run.write_json("plan.json", [2])
            raise ZeroDivisionError
        assert run.read_json("result.json") == [1] and not run.has("plan.json")
        with run.writing_together():
            run.write_json("result.json", [3])
            run.write_json("plan.json", [3])
            assert run.read_json("result.json") == [1]
        assert (run.read_json("result.json"), run.read_json("plan.json")) == ([3], [3])
    assert check_run(run.path) == []


def test_the_manifest_is_written_once_for_files_written_together(here, make, monkeypatch):
    with make() as run:
        names, real = [], os.replace
        monkeypatch.setattr(os, "replace", lambda *w, **k: (names.append(w[1]), real(*w, **k)))
        with run.writing_together():
            for name in "abc":
                run.write(f"{name}.toml", "x = 1\n")
        assert names == ["MANIFEST", "a.toml", "b.toml", "c.toml"]


def test_a_reader_beside_a_writer_never_sees_a_difference(here, child):
    writer = child(
        "from ravine.records.run_directory import RunDirectory\n"
        "run = RunDirectory.create(name='a', out='run')\nprint(1, flush=True)\n"
        "for n in range(10**9): run.write_json('result.json', [n])"
    )
    writer.stdout.readline()
    try:
        reader, last = RunDirectory.open("run"), -1
        while last < 50:
            assert check_run("run") == []
            if reader.has("result.json"):
                (now,) = reader.read_json("result.json")
                assert now >= last
                last = now
    finally:
        writer.kill()
        writer.wait()
        writer.stdout.close()


def test_a_pipe_in_the_place_of_a_checkpoint_costs_its_work_only(here, make, record):
    with make() as run:
        run.save_cohort("c", record)
        (run.path / "cohorts/c.npz").unlink()
        os.mkfifo(run.path / "cohorts/c.npz")
        assert run.find_cohort("c") is None and "cohort c is damaged" in (run.path / "log.txt").read_text()
        run.save_cohort("c", record)  # takes the place of the pipe
        np.testing.assert_array_equal(run.load_cohort("c").series["loss"], record.series["loss"])


def test_pictures_are_drawn_in_the_temporary_folder_and_moved(here, make):
    with make() as run:
        with run.drawing("pictures") as folder:
            assert folder.parent == run.path / ".tmp"
            (folder / "a.png").write_bytes(b"picture")
            assert not (run.path / "pictures").exists()
        assert (run.path / "pictures/a.png").read_bytes() == b"picture"
    assert not (run.path / ".tmp").exists() and check_run(run.path) == []


def test_times_that_are_no_times_are_refused_and_their_absence_is_not(here, make):
    with make() as run:
        assert run.load_times() == {}
        run.save_times(a=1)
        run.save_times(b=2)
        assert run.load_times() == {"a": 1, "b": 2}
        (run.path / "times.json").write_text("[1]")
        with pytest.raises(DamagedFile, match=r"times\.json' is damaged"):
            run.load_times()
        (run.path / "times.json").unlink()
        assert run.load_times() == {}


def test_an_older_run_is_resumed_without_a_manifest(here, make):
    with make() as run:
        pass
    (run.path / "MANIFEST").unlink()
    plain = json.loads((run.path / "run.json").read_text())
    (run.path / "run.json").write_text(json.dumps(plain | {"schema_version": 2, "pid": 7, "host": "here"}))
    with RunDirectory.open(run.path).lock() as older:
        older.update(state="finished")
        older.write_json("result.json", [1])
        assert older.read_json("result.json") == [1]
    assert not (run.path / "MANIFEST").exists() and check_run(run.path) is None


def test_a_full_disk_leaves_files_that_fit_the_manifest(here, make, monkeypatch):
    with make() as run:
        run.write_json("result.json", [1])
        real, calls = os.fsync, []

        def full(descriptor):
            if not calls:
                raise OSError(errno.ENOSPC, "No space left on device")
            calls.pop()
            return real(descriptor)

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            for number in range(4):
                calls += [None] * number
                with pytest.raises(DataError, match="No space is left"):
                    run.write_json("result.json", [2])
                assert check_run(run.path) == []
    assert check_run(run.path) == []
