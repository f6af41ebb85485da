"""Scores of standard splits, on a small set."""

import gzip
import json

import numpy as np
import pytest
from sklearn.datasets import load_diabetes

pytestmark = pytest.mark.slow


def test_scores_of_standard_splits(tmp_path, run):
    data, out = tmp_path / "data", tmp_path / "out"
    sets, reference = data / "uci_regression_gal", data / "_reference"
    sets.mkdir(parents=True)
    reference.mkdir()
    x, y = load_diabetes(return_X_y=True)
    np.savetxt(sets / "diabetes.txt.gz", np.column_stack([x, y]))
    splits = {"feature_columns": list(range(10)), "target_column": 10, "test_index": [[0, 1, 2], [3, 4, 5]]}
    (sets / "diabetes_test_splits.json.gz").write_bytes(gzip.compress(json.dumps(splits).encode()))
    (reference / "gal_splits_sklearn_mlp_hgb.csv").write_text(
        "dataset,splits,mlp_hidden,mlp_rmse,mlp_se\ndiabetes,2,8,1e6,1\n"
    )
    run("scores/gal.py", data, "--quick", "--out", out)
    (row,) = json.loads((out / "gal.json").read_text())
    assert (row["set"], row["splits"]) == ("diabetes", 2)
    assert 0 < row["ravine"] < 1e6
    assert "| diabetes | 2 | 1e+06 ± 1 |" in (out / "gal.md").read_text()
