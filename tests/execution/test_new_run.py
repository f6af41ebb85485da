"""A study in a run directory of its own: where it lies, and what is left of a run that never began."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest

from ravine.data import from_arrays
from ravine.errors import DataError, UsageError
from ravine.execution.new_run import execute_in_new_run
from ravine.execution.registry import find_study
from ravine.records.run_index import list_runs
from ravine.records.toml_files import load

TRAIN = find_study("train")
ROWS = "a,y\n" + "".join(f"{k % 7},{'pq'[k % 2]}\n" for k in range(60))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("data.csv").write_text(ROWS)
    return tmp_path


def settings(**changes):
    return TRAIN.settings(**{"source": "data.csv", "target": "y", "net": "4", "epochs": 1.0} | changes)


def test_a_run_lies_in_runs_and_is_the_latest(folder):
    result = execute_in_new_run(TRAIN, settings(), command=["ravine", "train"])
    (run,) = list_runs()
    assert (run.state, run.verb, str(run.path)) == ("finished", "train", result.run_dir)
    assert "data" in run.path.name
    assert Path("runs/latest").resolve() == run.path.resolve()
    assert load(run.path / "config.toml")["source"] == str(folder / "data.csv")


def test_a_run_elsewhere_writes_nothing_else(folder):
    result = execute_in_new_run(TRAIN, settings(), out="mine")
    assert sorted(path.name for path in folder.iterdir()) == ["data.csv", "mine"]
    assert [str(run.path) for run in list_runs()] == [str(folder / "mine")] and result.run_dir == "mine"


def test_data_from_python_name_the_run_and_no_file(folder):
    x = np.random.default_rng(0).normal(size=(60, 2))
    dataset = from_arrays(x, x[:, 0] > 0, name="arrays")
    result = execute_in_new_run(TRAIN, TRAIN.settings(net="4", epochs=1.0), dataset=dataset)
    assert "arrays" in Path(result.run_dir).name and result.source == ""


def test_standard_input_is_kept_in_the_run(folder, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ROWS.encode())))
    result = execute_in_new_run(TRAIN, settings(source="-"), out="run")
    assert (folder / "run" / "stdin").read_text() == ROWS
    assert result.source == load("run/config.toml")["source"] == str(folder / "run" / "stdin")


@pytest.mark.parametrize("out", [None, "new", "new/deeper", "there", "there/deeper"])
@pytest.mark.parametrize(("wrong", "kind"), [({"target": "z"}, DataError), ({"metric": "auc2"}, UsageError)])
def test_a_run_that_never_had_a_plan_leaves_nothing(folder, out, wrong, kind):
    Path("there").mkdir()
    execute_in_new_run(TRAIN, settings(), out="before")
    before = sorted(folder.rglob("*"))
    with pytest.raises(kind):
        execute_in_new_run(TRAIN, settings(**wrong), out=out)
    assert sorted(folder.rglob("*")) == before


def test_a_bug_before_the_plan_leaves_nothing_either(folder, monkeypatch):
    def load_data(study, settings):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(type(TRAIN), "load_data", load_data)
    before = sorted(folder.rglob("*"))
    with pytest.raises(ZeroDivisionError):
        execute_in_new_run(TRAIN, settings())
    assert sorted(folder.rglob("*")) == before


def test_latest_points_again_to_the_run_before(folder):
    first = execute_in_new_run(TRAIN, settings())
    with pytest.raises(DataError):
        execute_in_new_run(TRAIN, settings(target="z"))
    assert Path("runs/latest").resolve() == Path(first.run_dir).resolve()
    assert len(list_runs()) == 1


def test_a_folder_in_use_is_left_alone(folder):
    Path("mine").mkdir()
    Path("mine/thesis.tex").write_text("x")
    with pytest.raises(DataError):
        execute_in_new_run(TRAIN, settings(), out="mine")
    assert [path.name for path in Path("mine").iterdir()] == ["thesis.tex"]
