"""Scores of tables, on a small table."""

import json

import pytest
from sklearn.datasets import load_iris

pytestmark = pytest.mark.slow


def test_scores_of_tables(tmp_path, run):
    data, out = tmp_path / "data", tmp_path / "out"
    (data / "ctg_cardio").mkdir(parents=True)
    frame = load_iris(as_frame=True).frame.rename(columns={"target": "CLASS"})
    frame.to_csv(data / "ctg_cardio" / "CTG.csv", index=False)
    (data / "README.md").write_text("| ctg_cardio | 150 | 4 | 3 | - | acc 0.01 |\n")
    run("scores/tables.py", data, "ctg_cardio", "--quick", "--out", out)
    (row,) = json.loads((out / "tables.json").read_text())
    assert (row["table"], row["metric"], row["mlp"], row["reached"]) == (
        "ctg_cardio",
        "accuracy",
        0.01,
        "yes",
    )
    assert 0.01 < row["ravine"] <= 1
    assert "| ctg_cardio | accuracy | 0.01 |" in (out / "tables.md").read_text()
