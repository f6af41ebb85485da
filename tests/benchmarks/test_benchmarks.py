"""Ravine's side of every benchmark row runs, without peers and without a network."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
ROWS = sorted(path.stem for path in BENCHMARKS.glob("*.py") if "\nROW = " in path.read_text())


def test_every_listed_row_has_a_script(module):
    assert set(module("run").ROWS) == {row for row in ROWS if not row.startswith("gpu_")}


@pytest.mark.parametrize("row", ROWS)
def test_a_script_is_named_after_its_row_and_explains_itself(row):
    assert f'\nROW = "{row}"\n' in (BENCHMARKS / f"{row}.py").read_text()
    shown = _run(row, "--help")
    assert all(flag in shown.stdout for flag in ("--quick", "--no-peers", "--json"))


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS)
def test_our_side_of_a_row_runs_without_peers(row, tmp_path):
    if row.startswith("gpu_") and shutil.which("nvidia-smi") is None:
        pytest.skip("needs a GPU")
    path = tmp_path / "row.json"
    _run(row, "--quick", "--no-peers", "--json", str(path), HOME=str(tmp_path))
    document = json.loads(path.read_text())
    assert (document["row"], document["quick"], document["no_peers"]) == (row, True, True)
    assert document["lines"]
    for line in document["lines"]:
        assert line["theirs"] is line["ratio"] is line["reached"] is None
        assert 0 <= line["ours"]["min"] <= line["ours"]["median"] <= line["ours"]["max"] < float("inf")


def _run(row, *arguments, **variables):
    """Run a script where no peer could be installed: pip has no network and no place to look."""
    offline = {"PIP_NO_INDEX": "1", "RAVINE_PEER_PYTHON": "", "PYTHONWARNINGS": "default"}
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / f"{row}.py"), *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **offline, **variables},
    )
    assert done.returncode == 0, done.stderr
    return done
