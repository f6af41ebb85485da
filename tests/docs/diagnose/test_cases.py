"""Cases of diagnose: one fault, and a count that was interrupted."""

import importlib
import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "diagnose"


@pytest.mark.slow
def test_cases_of_diagnose(tmp_path, run):
    run("diagnose/cases.py", "--quick", "--only", "rate_high", "--out", tmp_path)
    document = json.loads((tmp_path / "cases.json").read_text())
    assert {row["fault"] for row in document["rows"]} == {"rate_high"}
    assert document["verdicts"]["rate_high"]["found"] > 0
    assert "| rate_high |" in (tmp_path / "cases.md").read_text()


def test_an_interrupted_count_goes_on(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    cases, planted = importlib.import_module("cases"), importlib.import_module("planted.case")
    wanted = [planted.case("dead", None, seed, "dead", "saturated") for seed in range(3)]
    path, tried = tmp_path / "cases.json", []

    def row(case):
        tried.append(case.seed)
        if tried == [0, 1]:
            raise KeyboardInterrupt
        found = case.seed > 0
        return {"fault": "dead", "seed": case.seed, "given": ["dead" if found else "overfits"],
                "planted": ["dead"], "missed": [] if found else ["dead"],
                "clean": ["overfits"], "alarms": [] if found else ["overfits"],
                "seconds": 1.0}  # fmt: skip

    with pytest.raises(KeyboardInterrupt):
        cases.resumed(wanted, row, cases.counted, path)
    assert not json.loads(path.read_text())["complete"]
    result = cases.resumed(wanted, row, cases.counted, path)
    assert tried == [0, 1, 1, 2]
    assert result["verdicts"]["dead"] | {"where": []} == {
        "planted": 3, "found": 2, "clean": 0, "alarms": 0, "where": []
    }  # fmt: skip
    assert result["verdicts"]["overfits"] == {
        "planted": 0, "found": 0, "clean": 3, "alarms": 1, "where": ["dead 0"]
    }  # fmt: skip
    assert result["seconds"] == 3.0
    cases.resumed(wanted, row, cases.counted, path)  # a complete count begins again
    assert tried == [0, 1, 1, 2, 0, 1, 2]
