"""Runs found by what one calls them, and listed, whatever else lies there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ravine.errors import DataError
from ravine.records.atomic_files import read_json, write_atomic, write_json
from ravine.records.documents import NewerFile
from ravine.records.run_directory import RunDirectory
from ravine.records.run_file import RunFile
from ravine.records.run_index import find_run, list_runs

quiet = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_open_by_path_id_prefix_name_and_data(here, make):
    runs = [make("iris"), make("wine"), make("wine")]
    for run in runs:
        run.close()
        for word in (run.path, str(run.path), f"{run.path}/", run.path / "run.json", run.path.name, run.id):
            assert RunDirectory.open(word).id == run.id
    assert RunDirectory.open(runs[0].id[:6]).id == runs[0].id
    assert RunDirectory.open("iris").id == runs[0].id
    assert RunDirectory.open().id == runs[-1].id
    with pytest.raises(DataError, match="fits 2 runs"):
        RunDirectory.open("wine")
    with pytest.raises(DataError, match="Did you mean"):
        RunDirectory.open(runs[0].path.name[:-1] + "z")


def test_many_runs_are_not_all_named(here, make):
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


def test_a_refusal_names_no_folder_besides_which_other_runs_lie(here, make):
    with make() as run:
        pass
    with pytest.raises(DataError) as refused:
        find_run("nosuch")
    assert refused.value.what == "There is no run 'nosuch'." and run.id in str(refused.value)


def test_latest_that_was_deleted(here, make):
    import shutil

    with make():
        pass
    with make() as run:
        pass
    shutil.rmtree(run.path)
    with pytest.raises(DataError, match=f"{run.path.name}.*does not exist"):
        RunDirectory.open("latest")
    Path("runs/latest").unlink()
    assert RunDirectory.open("latest").id == list_runs()[0].id


def test_a_run_of_a_newer_version(here, make, seal):
    with make() as run:
        pass
    newer = {"schema_version": RunFile.schema_version + 1, "versions": {"ravine": "9.1"}}
    write_json(run.path / "run.json", read_json(run.path / "run.json") | newer)
    seal(run.path)
    with pytest.raises(
        NewerFile, match=r"newer version of ravine, 9\.1.*pip install --upgrade ravine"
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
def test_a_broken_run_json(here, make, seal, blob):
    with make() as run:
        pass
    (run.path / "run.json").write_text(blob)
    seal(run.path)
    with pytest.raises(DataError):
        RunDirectory.open(run.path)
    assert [each.state for each in list_runs()] == ["newer version" if "7" in blob else "unreadable"]


@quiet
@given(st.data())
def test_a_changed_run_json_breaks_neither_the_list_nor_the_other_runs(
    here, make, changed_document, seal, data
):
    with make("iris", out="runs/sound") as sound, make("wine", out="runs/odd") as run:
        plain = changed_document(data.draw, read_json(run.path / "run.json"))
    write_json(run.path / "run.json", plain)
    seal(run.path)
    listed = {info.path.name: info for info in list_runs()}
    assert (listed["sound"].id, listed["sound"].state) == (sound.id, "interrupted, resumable")
    if listed["odd"].state in ("unreadable", "newer version"):
        with pytest.raises(DataError, match=re.escape("run.json")):
            RunDirectory.open("runs/odd")
    else:
        assert (listed["odd"].id, listed["odd"].verb) == (plain["id"], plain["verb"])
    for name in ("sound", "odd"):
        shutil.rmtree(f"runs/{name}")


def test_junk_in_runs_is_passed_over(here, make):
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
def test_runs_elsewhere_are_listed_too(here, make, monkeypatch, linked):
    if not linked:
        monkeypatch.setattr(
            Path, "symlink_to", lambda *_, **__: (_ for _ in ()).throw(OSError(95, "no links"))
        )
    with make("one") as one, make("two", out="else/two") as two, make("three", out="else/three") as three:
        pass
    assert {each.id for each in list_runs()} == {one.id, two.id, three.id}
    assert find_run("latest").resolve() == three.path.resolve()
    assert find_run(three.id[:12]).resolve() == three.path.resolve()
    assert {each.id for each in list_runs("else")} == {two.id, three.id}
    assert [each.id for each in list_runs("else/two")] == [two.id]
    with make("four"):
        assert len(list_runs()) == 4
    shutil.rmtree("else/two")
    assert len(list_runs()) == 3


@pytest.mark.parametrize("junk", ["loop", "fifo", "folder", "bytes", "nowhere"])
def test_a_latest_that_is_junk_does_not_break_the_list(here, make, junk):
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


def test_newest_first(here, make):
    ids = []
    for name in ("b", "a", "c"):
        with make(name) as run:
            ids.append(run.id)
            run.update(created=f"2024-01-0{len(ids)}T00:00:00+00:00")
    assert [each.id for each in list_runs()] == ids[::-1]


def test_listing_needs_neither_numpy_nor_jax(here, make):
    make().close()
    code = (
        "import sys\nfrom ravine.records.run_index import list_runs\n"
        "from ravine.records.run_directory import RunDirectory\n"
        "assert len(list_runs()) == 1\nRunDirectory.open()\n"
        "print(sorted({'numpy', 'jax', 'pandas', 'sklearn', 'scipy', 'click', 'rich'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
