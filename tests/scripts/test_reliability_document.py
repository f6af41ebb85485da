"""The counts in `docs/reliability.md`."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "reliability_document.py"
SCRIPTS = ("readers", "numerics", "corrupt", "hostile", "kill", "surroundings", "limits")
FAILURE = {
    "severity": 1, "class": "data lost", "family": "kill.kill_train", "detail": "a | b `c`", "cases": 1,
}  # fmt: skip


def counted(tried: int, severe: tuple[int, int, int], skipped: int = 0) -> dict[str, int]:
    """Return the counts of a script."""
    severities = {f"severity_{k}": number for k, number in enumerate(severe, 1)}
    return {"tried": tried, "skipped": skipped, **severities}


def campaign(commit: str, seeds: list[str], failures: list[dict[str, object]], **counts: dict[str, int]):
    """Return a campaign in which scripts without counts tried nothing."""
    scripts = {name: counts.get(name, counted(0, (0, 0, 0))) for name in SCRIPTS}
    return {"commit": commit, "seeds": seeds, "scripts": scripts, "failures": failures}


DOCUMENT = {
    "campaigns": [
        campaign(
            "0123abcd+", ["a", "b"], [FAILURE],
            readers=counted(20_000, (0, 1, 2), skipped=3), kill=counted(300, (1, 0, 0)),
        ),
        campaign("4567cdef", ["c"], [], readers=counted(500, (0, 0, 1))),
    ]
}  # fmt: skip


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("reliability_document", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_has_the_counts_and_their_sum(script):
    text = script.counts_section(DOCUMENT)
    assert "- commit `0123abcd` with uncommitted changes, seeds `a`, `b`: 20,300 cases tried" in text
    assert "- commit `4567cdef`, seed `c`: 500 cases tried" in text
    assert "| 20,500 | 3 | 0 | 1 | 3 |" in text
    assert "| 300 | 0 | 1 | 0 | 0 |" in text
    assert "| all |  | 20,800 | 3 | 1 | 1 | 3 |" in text
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
