"""What version 1 wrote: models still predict, runs are listed, and resuming is refused with one sentence."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ravine.data import read
from ravine.errors import DataError
from ravine.execution.predict import predict
from ravine.execution.resume import resume
from ravine.records.run_directory import RunDirectory
from ravine.records.run_index import list_runs

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "version1"
PREDICTED = sorted((FIXTURES / "predictions").glob("*.csv"))


@pytest.fixture
def runs(tmp_path):
    """A copy, since a run that is opened to write is changed."""
    return shutil.copytree(FIXTURES / "runs", tmp_path / "runs", symlinks=True)


@pytest.mark.parametrize("path", PREDICTED, ids=lambda path: path.stem)
def test_a_model_predicts_what_version_1_predicted(path):
    found = predict(FIXTURES / "runs" / path.stem, read(FIXTURES / "new.csv"))
    before = pd.read_csv(path)
    assert list(found.columns) == list(before.columns)
    for name in before.columns:
        if pd.api.types.is_numeric_dtype(before[name]):
            # float32 sums in another order on another processor
            np.testing.assert_allclose(found[name].to_numpy(float), before[name], rtol=2e-5, atol=1e-7)
        else:
            assert found[name].astype(str).tolist() == before[name].astype(str).tolist()


def test_all_runs_are_listed_with_state_and_result(runs):
    found = {run.path.name: run for run in list_runs(runs)}
    finished = {name for name, run in found.items() if run.state == "finished"}
    assert finished == {
        "compare-classes", "compare-numbers", "train-classes", "train-numbers", "sweep", "diagnose",
        "memorise", "descent",
    }  # fmt: skip
    assert found["stopped"].state == "stopped"
    assert found["killed"].state == "interrupted, resumable"
    assert all(found[name].verb for name in finished)


@pytest.mark.parametrize("name", ["stopped", "killed", "compare-classes"])
def test_resuming_is_refused_with_one_sentence_that_names_the_version(runs, name):
    run = RunDirectory.open(runs / name)
    before = (runs / name / "run.json").read_bytes()
    writer = run.metadata.versions["ravine"]
    with pytest.raises(DataError) as error, run.lock():
        resume(run)
    assert f"ravine {writer}" in error.value.what
    assert error.value.what.count(".") == 1 + writer.count(".")
    assert (runs / name / "run.json").read_bytes() == before
    assert ("model can still" in str(error.value)) == (runs / name / "models").exists()
