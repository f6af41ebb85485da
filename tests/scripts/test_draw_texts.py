"""The texts of the reading test: every kind in its share, the same for the same seed."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "draw_texts.py"

pytestmark = pytest.mark.slow


def drawn(path, seed):
    command = [sys.executable, str(SCRIPT), "--seed", str(seed), "--count", "10", "-o", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return json.loads(path.read_text("utf-8"))


def test_shares_and_seeds(tmp_path):
    first = drawn(tmp_path / "first.json", 1)
    kinds = Counter(text["kind"] for text in first)
    assert kinds == {"docstring": 4, "message": 2, "help": 2, "paragraph": 2}
    assert len({text["text"] for text in first}) == 10
    assert drawn(tmp_path / "again.json", 1) == first
    assert drawn(tmp_path / "other.json", 2) != first


def test_a_text_stands_at_its_place(tmp_path):
    root = SCRIPT.parents[1]
    for text in drawn(tmp_path / "texts.json", 3):
        if text["kind"] == "docstring":
            path, line = text["place"].split()[0].split(":")
            below = "\n".join((root / path).read_text("utf-8").splitlines()[int(line) - 1 :])
            assert text["text"].splitlines()[0] in below
