"""A run whose data came from Python: a finished one is shown again, an unfinished one says what it lacks."""

import numpy as np
import pytest

import ravine
from ravine.errors import DataError
from ravine.records.rundir import RunDirectory
from ravine.records.tomlfile import load as load_toml
from ravine.studies.resume import resume


def test_a_run_of_arrays_names_no_file_and_is_shown_again(tmp_path):
    x = np.random.default_rng(0).normal(size=(60, 2))
    found = ravine.train(x, x[:, 0] > 0, epochs=2, out=tmp_path / "run")
    assert load_toml(tmp_path / "run" / "config.toml")["source"] == ""
    with RunDirectory.open(tmp_path / "run").lock() as run:
        assert resume(run).document["result"] == found.document["result"]
        run.update(state="stopped")
        with pytest.raises(DataError, match="in Python"):
            resume(run)
