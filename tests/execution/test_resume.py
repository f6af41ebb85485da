"""Resuming: a finished run is returned again, and a run that cannot go on is refused."""

import sys

import numpy as np
import pytest

import ravine
from ravine.errors import DataError, UsageError
from ravine.execution.resume import resume
from ravine.execution.resume_check import check_resumable
from ravine.records.run_directory import RunDirectory
from ravine.records.toml_files import load as load_toml


def test_a_run_of_arrays_names_no_file_and_is_shown_again(tmp_path):
    x = np.random.default_rng(0).normal(size=(60, 2))
    found = ravine.train(x, x[:, 0] > 0, epochs=2, out=tmp_path / "run")
    assert load_toml(tmp_path / "run" / "config.toml")["source"] == ""
    with RunDirectory.open(tmp_path / "run").lock() as run:
        assert resume(run).result == found.result
        run.update(state="stopped")
        with pytest.raises(DataError, match="from Python"):
            resume(run)


def test_a_finished_run_shows_where_it_is_now(tmp_path, monkeypatch):
    x = np.random.default_rng(0).normal(size=(60, 2))
    monkeypatch.chdir(tmp_path)
    found = ravine.train(x, x[:, 0] > 0, epochs=2, out="run")
    assert found.run_dir == "run"
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    def shown(path):
        with RunDirectory.open(path).lock() as run:
            again = resume(run)
            assert (again.run_dir, again.model_dir) == (str(run.path), str(run.models))
        assert ravine.load_model(again.model_dir).task == again.model.task == "classify"
        assert again.result == found.result

    shown(tmp_path / "run")
    shown((tmp_path / "run").rename(tmp_path / "moved"))


@pytest.fixture
def run(tmp_path):
    with RunDirectory.create(name="data", out=tmp_path / "run", verb="train") as made:
        yield made


def test_a_run_that_had_read_no_data_is_refused(run):
    with pytest.raises(DataError, match="stopped before it had read its data"):
        check_resumable(run)


def test_a_finished_run_outlives_its_data(tmp_path):
    path = tmp_path / "data.csv"
    rows = np.random.default_rng(0).normal(size=(60, 2))
    path.write_text("a,y\n" + "".join(f"{x},{'pq'[int(z > 0)]}\n" for x, z in rows))
    found = ravine.train(str(path), "y", net="4", epochs=2, out=tmp_path / "run")
    path.unlink()
    with RunDirectory.open(tmp_path / "run").lock() as run:
        assert resume(run) == found
        path.write_text("a,y\n" + "1,p\n2,q\n" * 40)
        with pytest.raises(DataError, match="have changed since this run began"):
            resume(run)


def test_a_run_of_another_person_cannot_choose_where_it_is_trained(tmp_path, seal, monkeypatch):
    """A run directory is not trusted, and a scheduler runs code."""
    ravine.train("iris", net="4", epochs=2, out=tmp_path / "run")
    with RunDirectory.open(tmp_path / "run").lock() as run:
        run.update(state="stopped")
    path, opened = tmp_path / "run" / "config.toml", []
    path.write_text(path.read_text() + 'engine = "dask:tcp://192.0.2.1:9"\n')
    seal(tmp_path / "run")

    def refuse(text, *others):
        opened.append(text)
        raise UsageError("no engine is opened in this test")

    monkeypatch.setattr(sys.modules["ravine.execution.execute"], "open_engine", refuse)
    for engine in ("threads", "dask:local:1"):
        with (
            RunDirectory.open(tmp_path / "run").lock() as run,
            pytest.raises(UsageError, match="in this test"),
        ):
            resume(run, engine=engine)
    assert opened == ["threads", "dask:local:1"]
