"""The fault kinds of the literature: at least 50 cases, and one kind diagnosed and resumed."""

import json
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "diagnose"


def test_there_are_fifty_cases_with_seeds_of_their_own(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.delitem(sys.modules, "planted", raising=False)
    from planted.literature import literature

    cases = literature()
    assert len(cases) >= 50
    assert len({case.seed for case in cases}) == len(cases)
    assert all(case.plants for case in cases)


@pytest.mark.slow
def test_one_kind(tmp_path, run):
    arguments = ["--only", "diverging loss", "--quick", "--out", tmp_path]
    run("diagnose/literature.py", *arguments)
    document = json.loads((tmp_path / "literature.json").read_text())
    assert document["complete"]
    assert document["kinds"] == {"diverging loss": {"cases": 1, "found": 1}}
    assert "| diverging loss | 1 | 1 | 100 % |" in (tmp_path / "literature.md").read_text()
