"""`diagnose` on the command line: what stands for what, what is refused, what is shown."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def table(folder: Path) -> Path:
    random = np.random.default_rng(0)
    y = random.integers(0, 2, 240)
    x = random.normal(size=(240, 3)) + 2.0 * y[:, None]
    rows = np.concatenate([x, y[:, None]], axis=1)
    np.savetxt(folder / "a.csv", rows, delimiter=",", header="u,v,w,y", comments="")
    return folder / "a.csv"


SMALL = ["-t", "y", "--task", "classify", "--net", "8", "--epochs", "8"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a.csv", "b.csv"], "one word too many"),
        (["a.csv", "--no-proof", "--seeds", "5"], "contradict"),
        (["a.csv", "--scaling", "both"], "scaling"),
        (["empty"], "neither a run"),
        (["nothing.csv"], "nothing.csv"),
    ],
)
def test_what_cannot_be_is_refused(ravine, folder, table, words, said):
    (folder / "empty").mkdir()
    ended = ravine("diagnose", *words)
    assert ended.status in (2, 3)
    assert said in ended.stderr
    assert ended.stdout == ""


@pytest.mark.slow
def test_from_data_to_run_to_model(ravine, folder, table):
    ended = ravine(
        "diagnose",
        "a.csv",
        *SMALL,
        "--learning-rate",
        "30",
        "-O",
        "sgd",
        "--no-proof",
        "-o",
        "d",
        env={"COLUMNS": "60"},
    )
    assert ended.status == 0, ended.stderr
    assert "1. " in ended.stdout
    assert "No remedy was tried" in ended.stdout
    assert all(len(line) <= 60 for line in ended.stdout.splitlines() if "ravine" not in line)
    again = ravine("resume", "d", "--json")
    assert json.loads(again.stdout)["plan"]["seeds"] == 0

    assert ravine("train", "a.csv", *SMALL, "-o", "t").status == 0
    found = json.loads(ravine("diagnose", "t", "--no-proof", "--json").stdout)
    assert found["plan"]["network"].startswith("3-8-2")
    assert found["history"]
    found = json.loads(ravine("diagnose", "t/models/best", "--json").stdout)
    assert not found["history"]
    assert found["plan"]["seeds"] == 0
