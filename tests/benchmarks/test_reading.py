"""The comparison of two checkouts that read large files."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_reading_is_compared(module, tmp_path):
    path = module("make_large").write(tmp_path, "npz", 1_000, 28)
    said = module("reading").sentence("npz", path, {"old": ROOT, "new": ROOT}, 1)
    assert said.startswith("npz") and "ratio" in said and "peak" in said


def test_reading_fails_with_the_reader(module, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("")
    with pytest.raises(subprocess.CalledProcessError):
        module("reading").read_once(ROOT, path)
