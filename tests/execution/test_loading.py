"""What is refused when data are loaded, before anything is trained."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ravine.data import Table
from ravine.errors import DataError
from ravine.execution.loading import load
from ravine.studies.train.settings import TrainSettings


def test_test_rows_on_which_the_metric_has_no_value_are_refused(tmp_path):
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"a": random.normal(size=60), "y": random.normal(size=60)})
    path = tmp_path / "test.csv"
    frame.head(9).assign(y=1.5).to_csv(path, index=False)
    table = Table(frame, "t", "0")
    with pytest.raises(DataError, match=r"'r2' has no value on the test rows.*1\.5 in all 9 rows"):
        load(TrainSettings(target="y", metric="r2", test=str(path)), table)
    assert len(load(TrainSettings(target="y", metric="rmse", test=str(path)), table).test) == 9
    assert len(load(TrainSettings(target="y", metric="r2"), table).test) == 12


@pytest.mark.parametrize("given", ["file", "table"])
def test_rows_of_a_test_file_are_counted_apart(tmp_path, given):
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"a": random.normal(size=60), "y": random.normal(size=60)})
    path = tmp_path / "later.csv"
    frame.head(9).to_csv(path, index=False)
    test = Table(frame.head(9), "later", "1") if given == "table" else None
    settings = TrainSettings(target="y", test=None if given == "table" else str(path))
    notes = load(settings, Table(frame, "t", "0"), test).notes
    assert notes[0] == "9 of the 69 rows are test rows of 'later'"
    without = load(TrainSettings(target="y"), Table(frame, "t", "0"))
    assert not any("test rows of" in note for note in without.notes)
