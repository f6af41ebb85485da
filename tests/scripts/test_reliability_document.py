"""The counts in `docs/reliability.md`."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "reliability_document.py"
DOCUMENT = {
    "commit": "0123abcd+",
    "seeds": ["a", "b"],
    "scripts": {
        "readers": {"tried": 20_000, "skipped": 3, "severity_1": 0, "severity_2": 1, "severity_3": 2},
        "kill": {"tried": 300, "skipped": 0, "severity_1": 1, "severity_2": 0, "severity_3": 0},
    },
    "failures": [
        {"severity": 1, "class": "data lost", "family": "kill.kill_train", "detail": "a | b `c`", "cases": 1}
    ],
}


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("reliability_document", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_has_the_counts_and_their_sum(script):
    text = script.counts_section(DOCUMENT)
    assert "Commit `0123abcd` with uncommitted changes, seeds `a`, `b`:" in text
    assert "| 20,000 | 3 | 0 | 1 | 2 |" in text and "| 300 | 0 | 1 | 0 | 0 |" in text
    assert "| all |  | 20,300 | 3 | 1 | 1 | 2 |" in text
    assert "| 1 | data lost | `kill.kill_train` | a \\| b 'c' | 1 |" in text


def test_only_the_counts_of_the_document_are_replaced(script, tmp_path):
    hand_written = f"# Title\n\n{script.BEGIN}old counts\n{script.END}\n## Rest\n"
    (tmp_path / "reliability.md").write_text(hand_written)
    (tmp_path / "reliability.json").write_text(json.dumps(DOCUMENT))
    text = script.reliability_document(tmp_path)
    assert text.startswith("# Title\n") and text.endswith("\n## Rest\n") and "old counts" not in text
    (tmp_path / "reliability.md").write_text(text)
    assert script.reliability_document(tmp_path) == text


def test_the_document_shows_the_counts_of_its_file(script):
    assert script.reliability_document() == (ROOT / "docs" / "reliability.md").read_text("utf-8")
