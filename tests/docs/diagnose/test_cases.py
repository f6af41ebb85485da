"""Cases of diagnose, one fault."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[3] / "docs"


pytestmark = pytest.mark.slow


def run(script, *arguments):
    done = subprocess.run(
        [sys.executable, str(DOCS / script), *map(str, arguments)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_cases_of_diagnose(tmp_path):
    run("diagnose/cases.py", "--quick", "--only", "rate_high", "--out", tmp_path)
    document = json.loads((tmp_path / "cases.json").read_text())
    assert {row["fault"] for row in document["rows"]} == {"rate_high"}
    assert document["verdicts"]["rate_high"]["found"] > 0
    assert "| rate_high |" in (tmp_path / "cases.md").read_text()
