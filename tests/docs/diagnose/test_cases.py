"""Cases of diagnose, one fault."""

import json

import pytest

pytestmark = pytest.mark.slow


def test_cases_of_diagnose(tmp_path, run):
    run("diagnose/cases.py", "--quick", "--only", "rate_high", "--out", tmp_path)
    document = json.loads((tmp_path / "cases.json").read_text())
    assert {row["fault"] for row in document["rows"]} == {"rate_high"}
    assert document["verdicts"]["rate_high"]["found"] > 0
    assert "| rate_high |" in (tmp_path / "cases.md").read_text()
