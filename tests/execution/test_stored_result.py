"""A result on disk: its own file without times, its times beside it, and paths that move with the folder."""

import json
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest

from ravine.errors import DataError
from ravine.execution.result import Result
from ravine.execution.result_parts import DataFacts, Seconds
from ravine.execution.stored_result import load_result, save_result
from ravine.records.os_errors import DamagedFile
from ravine.records.run_directory import RunDirectory

DATA = DataFacts(
    name="d", sha256="ab", rows=1, features=1, task="regress", target="y", classes=None, notes=["a note"]
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row with a time."""

    name: str
    seconds_to_target: float | None


@dataclass(frozen=True, kw_only=True, repr=False)
class TimedResult(Result):
    """A result with every kind of time and of path."""

    times: ClassVar[tuple[str, ...]] = ("seconds", "rows.seconds_to_target")
    rows: list[Row]
    model_dir: str | None = None
    pictures: list[str] | None = None
    seconds: Seconds | None = None


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """A run directory with a result, and the result."""
    monkeypatch.chdir(tmp_path)
    with RunDirectory.create(name="d", out="run", verb="test") as run:
        result = TimedResult(
            study="test",
            data=DATA,
            run_dir="run",
            source="run.csv",
            rows=[Row(name="a", seconds_to_target=1.5), Row(name="b", seconds_to_target=None)],
            model_dir="run/models/best",
            pictures=["run/pictures/a.png", "runs/other.png"],
            seconds=Seconds(total=3.0, compile=1.0, train=2.0),
        )
        save_result(run, result)
    return run, result


def test_a_folder_with_the_name_of_another_value_changes_no_other_field(stored):
    run, result = stored
    same = result.replace(study="run", source="run", rows=[], data=replace(DATA, name="run", notes=["run/x"]))
    with RunDirectory.open(run.path).lock() as again:
        again.update(verb="run")
        save_result(again, same)
        assert json.loads((run.path / "result.json").read_text())["study"] == "run"
        assert load_result(again, TimedResult).to_dict() == same.to_dict()


def test_the_result_comes_back_with_its_times(stored):
    run, result = stored
    assert load_result(RunDirectory.open(run.path), TimedResult) == result


def test_the_file_of_the_result_holds_neither_times_nor_its_place(stored):
    run, _ = stored
    document = json.loads((run.path / "result.json").read_text())
    assert "seconds" not in document and document["rows"] == [{"name": "a"}, {"name": "b"}]
    assert (document["run_dir"], document["source"]) == ("{run}", "run.csv")
    assert document["model_dir"] == "{run}/models/best"
    assert document["pictures"] == ["{run}/pictures/a.png", "runs/other.png"]
    times = json.loads((run.path / "times.json").read_text())
    assert times["result"] == {
        "seconds": {"total": 3.0, "compile": 1.0, "train": 2.0}, "rows.seconds_to_target": [1.5, None],
    }  # fmt: skip
    assert set(times["machine"]) == {"host", "cores"}


def test_a_run_that_was_moved_has_the_paths_of_its_new_place(stored, tmp_path):
    run, _ = stored
    run.path.rename("new")
    found = load_result(RunDirectory.open("new"), TimedResult)
    assert (found.run_dir, found.model_dir, found.pictures[0]) == (
        "new", "new/models/best", "new/pictures/a.png",
    )  # fmt: skip


def test_a_result_without_its_times_is_shown_without_them(stored):
    run, result = stored
    (run.path / "times.json").unlink()
    found = load_result(RunDirectory.open(run.path), TimedResult)
    assert found.seconds is None and [row.seconds_to_target for row in found.rows] == [None, None]
    assert found.data == result.data


@pytest.mark.parametrize(
    "times",
    ["{", "[]", '{"result": {"seconds": "x"}}', '{"result": {"rows.seconds_to_target": [1]}}', "\0"],
)
def test_times_that_do_not_fit_are_refused_by_the_name_of_their_file(stored, times):
    run, _ = stored
    (run.path / "times.json").write_text(times)
    with pytest.raises(DamagedFile, match=r"times\.json"):
        load_result(RunDirectory.open(run.path), TimedResult)


def test_a_result_of_the_version_before_is_read_with_times_and_old_paths(stored):
    run, result = stored
    document = result.to_dict()
    text = (
        json.dumps(document)
        .replace("run/", "/old/place/")
        .replace('"run_dir": "run"', '"run_dir": "/old/place"')
    )
    for name in ("times.json", "MANIFEST"):
        (run.path / name).unlink()
    (run.path / "result.json").write_text(text)
    plain = json.loads((run.path / "run.json").read_text())
    (run.path / "run.json").write_text(json.dumps(plain | {"schema_version": 2}))
    assert load_result(RunDirectory.open(run.path), TimedResult) == result


def test_a_changed_result_is_refused(stored):
    run, _ = stored
    path = run.path / "result.json"
    path.write_text(path.read_text().replace('"a"', '"b"'))
    with pytest.raises(DataError, match=r"result\.json' was changed after it was written"):
        load_result(RunDirectory.open(run.path), TimedResult)


def test_a_result_of_another_package_may_have_no_times(tmp_path):
    @dataclass(frozen=True, kw_only=True, repr=False)
    class Plain(Result):
        score: float

    with RunDirectory.create(name="d", out=tmp_path / "run", verb="test") as run:
        save_result(run, Plain(study="test", data=DATA, score=0.5))
        assert load_result(run, Plain).score == 0.5
