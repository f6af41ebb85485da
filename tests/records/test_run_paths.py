"""Where a new run is put: its folder, `latest`, and what is refused."""

import json
from pathlib import Path

import pytest

from ravine.errors import DataError, UsageError
from ravine.records import run_index, run_paths
from ravine.records.atomic_files import write_atomic
from ravine.records.manifest import check_run
from ravine.records.run_directory import RunDirectory
from ravine.records.run_file import RunFile
from ravine.records.run_index import find_run, list_runs


def test_create_writes_what_was_asked(here, make):
    with make("../data/Wine (red).csv", versions={"jax": "0.10"}, data_sha256="ab", effort="quick") as run:
        about = json.loads((run.path / "run.json").read_text())
        assert about["schema_version"] == RunFile.schema_version and about["state"] == "running"
        assert (
            about["data"] == {"name": "../data/Wine (red).csv", "sha256": "ab", "test": None}
            and about["effort"] == "quick"
        )
        assert about["versions"]["jax"] == "0.10" and {"ravine", "python"} <= set(about["versions"])
        assert about["command"][:2] == ["ravine", "compare"] and about["seed"] == 0
        assert run.path.parent == Path("runs") and run.path.name.endswith(f"-Wine-red-{run.id}")
        assert (here / "runs/latest").resolve() == run.path.resolve()
        assert "compare" in (run.path / "log.txt").read_text()


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("-", "stdin"), ("", "data"), ("../..", "data"), ("/", "data"), ("a.csv.gz", "a"), ("日本", "data"),
        ("x" * 300, "x" * 40), ("x.h5:/group", "group"), ("a\0b\n", "a-b"), (".hidden.csv", "hidden"),
        ("b.hdf5", "b"), ("b.PARQUET.gz", "b"), ("taxi.2024", "taxi.2024"), ("taxi.2024.csv", "taxi.2024"),
    ],
)  # fmt: skip
def test_any_data_name_makes_a_folder_inside_runs(here, make, name, slug):
    assert run_paths.slug(name) == slug
    with make(name) as run:
        assert run.path.resolve().parent == here / "runs"
        assert [each.data for each in list_runs()] == [name]


def test_two_processes_at_once_get_different_folders(here, child):
    code = (
        "from ravine.records.run_directory import RunDirectory\n"
        "for _ in range(15): print(RunDirectory.create(name='digits').path.name)"
    )
    both = [child(code) for _ in range(2)]
    names = [name for each in both for name in each.communicate(timeout=60)[0].split()]
    assert [each.returncode for each in both] == [0, 0]
    assert len(set(names)) == 30 and len(list_runs()) == 30
    assert find_run("latest").name in names
    assert not [each for each in Path("runs").iterdir() if each.name.startswith(".tmp")]


def test_out_names_the_folder(here, make):
    with make(out="a/b") as run:
        assert run.path == Path("a/b") and not Path("runs").exists()
    Path("empty").mkdir()
    with make() as first, make(out="empty") as run:
        assert find_run("latest") == run.path.resolve() != first.path.resolve()


def test_out_makes_no_folder_of_runs_and_the_run_is_found(here, make, monkeypatch):
    monkeypatch.setenv("RAVINE_CACHE", str(here / "cache"))
    with make(out="a/b") as first, make(out="c") as second:
        assert sorted(path.name for path in here.iterdir()) == ["a", "c", "cache"]
    assert find_run("latest") == second.path.resolve()
    assert {run.id for run in list_runs()} == {first.id, second.id}
    assert list_runs("other") == []  # of another working folder
    monkeypatch.setenv("RAVINE_CACHE", str(here / "empty"))
    assert list_runs() == []  # without the cache, the run is only not listed
    assert RunDirectory.open("c").id == second.id


def test_a_run_is_complete_without_a_cache(here, make, monkeypatch):
    (here / "file").write_text("")
    monkeypatch.setenv("RAVINE_CACHE", str(here / "file"))
    with make(out="a") as run:
        assert "not in the list of runs" in (run.path / "log.txt").read_text()
    with make() as run:
        assert "not in the list" not in (run.path / "log.txt").read_text()
    assert [listed.id for listed in list_runs()] == [run.id]


def test_a_forgotten_run_is_not_listed(here, make):
    with make(out="a") as first, make(out="b") as second:
        pass
    run_paths.forget_elsewhere(Path("runs"), first.path)
    assert [run.id for run in list_runs()] == [second.id]
    run_paths.forget_elsewhere(Path("runs"), second.path)
    assert list_runs() == [] and not run_index.elsewhere_file(Path("runs")).exists()


def test_out_that_holds_something_is_refused(here, make):
    with make(out="a") as run:
        run.write("config.toml", "")
    with pytest.raises(DataError, match=r"already holds a run.*ravine resume a"):
        make(out="a")
    write_atomic("file", "x")
    with pytest.raises(DataError, match="is a file"):
        make(out="file")
    with pytest.raises(DataError, match="is a file, not a folder"):
        make(out="file/below")
    with pytest.raises(DataError, match="name of a folder"):
        make(root="file")
    with pytest.raises(UsageError, match="no name"):
        make(out="")
    Path("thesis").mkdir()
    write_atomic("thesis/chapter.tex", "x")
    with pytest.raises(DataError, match=r"not empty and is not a run. It holds chapter.tex. .*out DIR"):
        make(out="thesis")
    assert [each.name for each in Path("thesis").iterdir()] == ["chapter.tex"]


def test_out_of_a_run_killed_before_its_configuration_is_taken_over(here, make):
    first = make(out="a")
    with pytest.raises(DataError):  # its process lives
        make(out="a")
    first.close()
    with make(out="a") as second:
        assert second.id != first.id
    write_atomic("a/thesis.tex", "x")  # of the user: the folder is not taken over, and nothing in it is lost
    with pytest.raises(DataError, match="already holds a run"):
        make(out="a")
    assert Path("a/thesis.tex").read_text() == "x"


def test_out_left_by_a_process_killed_before_run_json_is_as_good_as_empty(here, make):
    Path("a").mkdir()
    Path("a/.lock").write_text("99999\n")
    Path("a/MANIFEST").write_text("{}")
    Path("a/.tmp").mkdir()
    Path("a/.tmp/abc").write_text('{"schema')
    with make(out="a") as run:
        pass
    assert sorted(each.name for each in run.path.iterdir()) == [".lock", "MANIFEST", "log.txt", "run.json"]
    assert check_run(run.path) == []


def test_a_folder_that_may_not_be_written(here, make, monkeypatch):
    def refuse(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)  # the superuser of a test machine is refused nothing
    with pytest.raises(DataError, match="Permission was denied"):
        make()


def test_latest_without_links_is_a_text_file(here, make, monkeypatch):
    def impossible(self, *args, **kwargs):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(Path, "symlink_to", impossible)
    for _ in range(2):
        with make() as run:
            assert Path("runs/latest").read_text().strip() == run.path.name
            assert find_run("latest") == run.path.resolve()
    assert len(list_runs()) == 2


def test_a_latest_that_cannot_be_replaced_does_not_stop_the_run(here, make):
    Path("runs/latest").mkdir(parents=True)
    with make() as run:
        assert "latest was not set" in (run.path / "log.txt").read_text()
    with pytest.raises(DataError, match="latest' does not point to a run"):
        RunDirectory.open("latest")
