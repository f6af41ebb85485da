import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ravine.errors import DataError, UsageError
from ravine.records import placing
from ravine.records.files import write_atomic, write_json
from ravine.records.listing import INTERRUPTED, find_run, list_runs, read_run_file
from ravine.records.lock import is_locked
from ravine.records.record import Record, Status
from ravine.records.rundir import RunDirectory


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def record():
    return Record(
        {"rate": [0.1, 1.0]}, {"loss": [[1.0, 0.5], [1.0, np.nan]]}, [Status.FINISHED, Status.DIVERGED]
    )


def make(name="digits", **fields) -> RunDirectory:
    return RunDirectory.create(name=name, command=["ravine", "compare", name], seed=0, **fields)


def child(code: str, *args: str) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", code, *args], stdout=subprocess.PIPE, text=True)


# ------------------------------------------------------------------------------------------------- create


def test_create_writes_what_was_asked(here):
    with make("../data/Wine (red).csv", versions={"jax": "0.10"}, data_sha256="ab", effort="quick") as run:
        about = json.loads((run.path / "run.json").read_text())
        assert about["schema_version"] == 1 and about["state"] == "running" and about["pid"] == os.getpid()
        assert (
            about["data"] == {"name": "../data/Wine (red).csv", "sha256": "ab"} and about["effort"] == "quick"
        )
        assert about["versions"]["jax"] == "0.10" and {"ravine", "python"} <= set(about["versions"])
        assert about["command"][:2] == ["ravine", "compare"] and about["seed"] == 0
        assert run.path.parent == Path("runs") and run.path.name.endswith(f"-Wine-red-{run.id}")
        assert (here / "runs/latest").resolve() == run.path.resolve()
        assert "compare" in run.log_file.read_text()


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("-", "stdin"), ("", "data"), ("../..", "data"), ("/", "data"), ("a.csv.gz", "a"), ("日本", "data"),
        ("x" * 300, "x" * 40), ("x.h5:/group", "group"), ("a\0b\n", "a-b"), (".hidden.csv", "hidden"),
    ],
)  # fmt: skip
def test_any_data_name_makes_a_folder_inside_runs(here, name, slug):
    assert placing.slug(name) == slug
    with make(name) as run:
        assert run.path.resolve().parent == here / "runs"
        assert [each.data for each in list_runs()] == [name]


def test_two_processes_at_once_get_different_folders(here):
    code = (
        "from ravine.records.rundir import RunDirectory\n"
        "for _ in range(15): print(RunDirectory.create(name='digits').path.name)"
    )
    both = [child(code) for _ in range(2)]
    names = [name for each in both for name in each.communicate(timeout=60)[0].split()]
    assert [each.returncode for each in both] == [0, 0]
    assert len(set(names)) == 30 and len(list_runs()) == 30
    assert find_run("latest").name in names
    assert not [each for each in Path("runs").iterdir() if each.name.startswith(".tmp")]


def test_out_names_the_folder(here):
    with make(out="a/b") as run:
        assert run.path == Path("a/b") and not Path("runs").exists()
    Path("empty").mkdir()
    with make() as first, make(out="empty") as run:
        assert find_run("latest") == run.path.resolve() != first.path.resolve()


def test_out_that_holds_something_is_refused(here):
    make(out="a").close()
    with pytest.raises(DataError, match=r"already holds a run.*ravine resume a"):
        make(out="a")
    write_atomic("file", "x")
    with pytest.raises(DataError, match="is a file"):
        make(out="file")
    with pytest.raises(DataError, match="is a file, not a folder"):
        make(out="file/below")
    with pytest.raises(DataError, match="in the way"):
        make(root="file")
    with pytest.raises(UsageError, match="no name"):
        make(out="")
    Path("thesis").mkdir()
    write_atomic("thesis/chapter.tex", "x")
    with pytest.raises(DataError, match=r"not empty and is not a run. It holds chapter.tex. .*-o DIR"):
        make(out="thesis")
    assert [each.name for each in Path("thesis").iterdir()] == ["chapter.tex"]


def test_out_left_by_a_process_killed_before_run_json_is_as_good_as_empty(here):
    Path("a").mkdir()
    Path("a/.lock").write_text("99999\n")
    Path("a/.tmp-1-abc").write_text('{"schema')
    with make(out="a") as run:
        assert sorted(each.name for each in run.path.iterdir()) == [".lock", "log.txt", "run.json"]


def test_a_folder_that_may_not_be_written(here, monkeypatch):
    def refuse(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)  # the superuser of a test machine is refused nothing
    with pytest.raises(DataError, match="Permission was denied"):
        make()


def test_latest_without_links_is_a_text_file(here, monkeypatch):
    def impossible(self, *args, **kwargs):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(Path, "symlink_to", impossible)
    for _ in range(2):
        with make() as run:
            assert Path("runs/latest").read_text().strip() == run.path.name
            assert find_run("latest") == run.path.resolve()
    assert len(list_runs()) == 2


def test_a_latest_that_cannot_be_replaced_does_not_stop_the_run(here):
    Path("runs/latest").mkdir(parents=True)
    with make() as run:
        assert "latest was not set" in run.log_file.read_text()
    with pytest.raises(DataError, match="latest' does not point at a run"):
        RunDirectory.open("latest")


# --------------------------------------------------------------------------------------------- one writer


WRITER = """
import sys, time
from ravine.records.rundir import RunDirectory
run = RunDirectory.create(name="digits")
print(run.id, flush=True)
time.sleep(60)
"""


def test_a_second_writer_is_told_who_the_first_is_and_kill_9_frees_the_run(here):
    first = child(WRITER)
    name = first.stdout.readline().strip()
    run = RunDirectory.open(name)
    assert [each.state for each in list_runs()] == ["running"]
    with pytest.raises(DataError, match=rf"another process \(pid {first.pid}\).*kill {first.pid}"):
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


def test_two_objects_of_one_process_are_two_writers(here):
    with make() as run:
        with pytest.raises(DataError, match=f"pid {os.getpid()}"):
            RunDirectory.open(run.id).lock()
        assert run.lock() is run  # again is harmless
    assert not is_locked(run.path)
    with RunDirectory.open(run.id).lock() as other:
        assert other.locked


def test_a_reader_that_looks_does_not_stop_a_writer(here):
    make().close()
    looker = child(
        "from ravine.records.listing import list_runs\nprint(1, flush=True)\nwhile True: list_runs()"
    )
    looker.stdout.readline()
    try:
        for _ in range(40):
            RunDirectory.open().lock().close()
    finally:
        looker.kill()
        looker.wait()
        looker.stdout.close()


def test_a_reader_cannot_write(here, record):
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


def test_lock_sweeps_up_what_a_killed_writer_left(here, record):
    with make() as run:
        run.save_cohort("a", record)
    for left in (".tmp-1-a", "cohorts/.tmp-2-b"):
        (run.path / left).write_text("half")
    with RunDirectory.open().lock():
        assert not list(run.path.rglob(".tmp-*"))


# ------------------------------------------------------------------------------------------------ contents


def test_cohorts_and_states(here, record):
    with make() as run:
        assert not run.has_cohort("c1") and run.load_state("s") is None
        run.save_cohort("c1", record)
        assert run.has_cohort("c1")
        np.testing.assert_array_equal(run.load_cohort("c1").series["loss"], record.series["loss"])
        run.save_state("s", {"step": np.array(3)})
        run.save_state("s", {"step": np.array(4)})
        assert run.load_state("s")["step"] == 4
        run.drop_state("s")
        run.drop_state("s")
        assert run.load_state("s") is None
        with pytest.raises(DataError, match="There is no"):
            run.load_cohort("c2")


def test_the_same_cohort_twice_is_harmless(here, record):
    with make() as run:
        run.save_cohort("c", record)
        before = (run.cohorts / "c.npz").read_bytes()
        run.save_cohort("c", record)
        assert (run.cohorts / "c.npz").read_bytes() == before


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.99])
def test_a_damaged_cohort_or_state_counts_as_absent_and_the_log_says_so(here, record, share):
    with make() as run:
        run.save_cohort("c", record)
        run.save_state("s", {"x": np.ones(9)})
        for path in (run.cohorts / "c.npz", run.state / "s.npz"):
            whole = path.read_bytes()
            path.write_bytes(whole[: int(len(whole) * share)])
        assert not run.has_cohort("c") and run.load_state("s") is None
        log = run.log_file.read_text()
        assert "cohort c is damaged" in log and "state s is damaged" in log
    before = run.log_file.read_text()
    assert not RunDirectory.open().has_cohort("c")  # a reader leaves no traces
    assert run.log_file.read_text() == before


@pytest.mark.parametrize("bad", ["", "../x", "a/b", ".hidden", "a b", "x" * 200, "a\n"])
def test_names_that_could_leave_the_folder(here, record, bad):
    with make() as run, pytest.raises(UsageError, match="cannot name"):
        run.save_cohort(bad, record)


def test_update(here):
    with make() as run:
        run.update(data={"sha256": "ff"}, split_hash="aa", seconds=1.5)
        about = RunDirectory.open().about
        assert about["data"] == {"name": "digits", "sha256": "ff"} and about["seconds"] == 1.5
        for bad in ({"state": "done"}, {"id": "x"}, {"schema_version": 2}):
            with pytest.raises(UsageError):
                run.update(**bad)
        assert RunDirectory.open().about == about


def test_lock_reads_what_the_writer_before_wrote(here):
    make().close()
    reader = RunDirectory.open()
    with RunDirectory.open().lock() as writer:
        writer.update(note="new")
    with reader.lock():
        reader.update(state="stopped")
    assert RunDirectory.open().about["note"] == "new"


def test_log_is_one_line_each(here):
    with make() as run:
        run.log("two\nlines")
        run.log("caf\udce9")
        lines = run.log_file.read_text("utf-8").splitlines()
        assert len(lines) == 3 and lines[1].endswith("two lines") and lines[2].endswith("caf\\udce9")


# --------------------------------------------------------------------------------------------- find, list


def test_open_by_path_id_prefix_name_and_data(here):
    runs = [make("iris"), make("wine"), make("wine")]
    for run in runs:
        run.close()
        for word in (run.path, str(run.path), f"{run.path}/", run.path / "run.json", run.path.name, run.id):
            assert RunDirectory.open(word).id == run.id
    assert RunDirectory.open(runs[0].id[:6]).id == runs[0].id
    assert RunDirectory.open("iris").id == runs[0].id
    assert RunDirectory.open().id == runs[-1].id
    with pytest.raises(DataError, match="could be any of 2 runs"):
        RunDirectory.open("wine")
    with pytest.raises(DataError, match="Did you mean"):
        RunDirectory.open(runs[0].path.name[:-1] + "z")


def test_many_runs_are_not_all_named(here):
    for name in ("iris",) * 8:
        make(name).close()
    for word, said in (("zzz", "There are: "), ("iris", "They are ")):
        with pytest.raises(DataError) as raised:
            RunDirectory.open(word)
        assert said in raised.value.why and raised.value.why.endswith(" and 3 more.")
        assert raised.value.why.count(",") == 4


@pytest.mark.parametrize("bad", ["nothing", "", "a\0b", "x" * 5000, "latest", "."])
def test_open_what_is_not_there(here, bad):
    with pytest.raises(DataError):
        RunDirectory.open(bad)


def test_latest_that_was_deleted(here):
    import shutil

    with make():
        pass
    with make() as run:
        pass
    shutil.rmtree(run.path)
    with pytest.raises(DataError, match=f"{run.path.name}.*is gone"):
        RunDirectory.open("latest")
    Path("runs/latest").unlink()
    assert RunDirectory.open("latest").id == list_runs()[0].id


def test_a_run_of_a_newer_version(here):
    with make() as run:
        pass
    about = read_run_file(run.path) | {"schema_version": 2, "versions": {"ravine": "9.1"}}
    write_json(run.path / "run.json", about)
    with pytest.raises(
        DataError, match=r"written by ravine 9\.1, newer.*pip install --upgrade ravine"
    ) as caught:
        RunDirectory.open()
    assert caught.value.status == 3
    assert [each.state for each in list_runs()] == ["newer version"]


@pytest.mark.parametrize(
    "blob",
    ["", "{", "[]", "null", "{}", '{"schema_version": "1"}', '{"schema_version": true}',
     '{"schema_version": 1}',
     '{"schema_version": 1, "id": "a", "state": "odd"}', '{"schema_version": 1, "id": 3, "state": "failed"}',
     '{"schema_version": 7, "versions": 3}'],
)  # fmt: skip
def test_a_broken_run_json(here, blob):
    with make() as run:
        pass
    (run.path / "run.json").write_text(blob)
    with pytest.raises(DataError):
        RunDirectory.open(run.path)
    assert [each.state for each in list_runs()] == ["newer version" if "7" in blob else "unreadable"]


def test_fields_of_the_wrong_type_do_not_break_the_list(here):
    with make() as run:
        pass
    odd = {"schema_version": 1, "id": "a", "state": "failed", "data": [1], "created": 5, "summary": {"x": 1}}
    write_json(run.path / "run.json", odd)
    with make():
        pass
    assert len(list_runs()) == 2


def test_junk_in_runs_is_passed_over(here):
    assert list_runs() == []
    with make() as run:
        pass
    Path("runs/notes.txt").write_text("x")
    Path("runs/empty").mkdir()
    Path("runs/odd/run.json").mkdir(parents=True)
    Path("runs/loop").symlink_to("loop")
    Path("runs/dangling").symlink_to("nowhere")
    os.mkfifo("runs/pipe")
    listed = list_runs()
    assert [each.id for each in listed] == [run.id]
    assert listed[0].bytes == sum(each.lstat().st_size for each in run.path.iterdir())
    write_atomic("file", "x")
    assert list_runs("file") == []


@pytest.mark.parametrize("linked", [True, False])
def test_runs_elsewhere_are_listed_by_their_folder_and_the_latest_always(here, monkeypatch, linked):
    if not linked:
        monkeypatch.setattr(
            Path, "symlink_to", lambda *_, **__: (_ for _ in ()).throw(OSError(95, "no links"))
        )
    with make("one") as one, make("two", out="else/two") as two, make("three", out="else/three") as three:
        pass
    assert {each.id for each in list_runs()} == {one.id, three.id}
    assert find_run(three.id[:12]).resolve() == three.path.resolve()
    assert {each.id for each in list_runs("else")} == {two.id, three.id}
    assert [each.id for each in list_runs("else/two")] == [two.id]
    with make("four"):
        assert len(list_runs()) == 2  # the latest is one of them


@pytest.mark.parametrize("junk", ["loop", "fifo", "folder", "bytes", "nowhere"])
def test_a_latest_that_is_junk_does_not_break_the_list(here, junk):
    with make() as run:
        pass
    latest = Path("runs/latest")
    latest.unlink()
    {
        "loop": lambda: latest.symlink_to("latest"),
        "fifo": lambda: os.mkfifo(latest),
        "folder": latest.mkdir,
        "bytes": lambda: latest.write_bytes(b"\xff\0"),
        "nowhere": lambda: latest.write_text("../gone"),
    }[junk]()
    assert [each.id for each in list_runs()] == [run.id]


def test_newest_first(here):
    ids = []
    for name in ("b", "a", "c"):
        with make(name) as run:
            ids.append(run.id)
            run.update(created=f"2024-01-0{len(ids)}T00:00:00+00:00")
    assert [each.id for each in list_runs()] == ids[::-1]


def test_listing_needs_neither_numpy_nor_jax(here):
    make().close()
    code = (
        "import sys\nfrom ravine.records.listing import list_runs\n"
        "from ravine.records.rundir import RunDirectory\n"
        "assert len(list_runs()) == 1\nRunDirectory.open()\n"
        "print(sorted({'numpy', 'jax', 'pandas', 'sklearn', 'scipy', 'click', 'rich'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
