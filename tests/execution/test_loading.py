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
