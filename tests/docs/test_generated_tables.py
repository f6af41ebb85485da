"""The tables of `docs/scores` and `docs/diagnose` follow their JSON files."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture
def script(monkeypatch):
    """Return a function that imports a script of docs/."""

    def load(path):
        monkeypatch.syspath_prepend(str((DOCS / path).parent))
        spec = importlib.util.spec_from_file_location(Path(path).stem, DOCS / path)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        return module

    return load


def test_the_table_of_scores(script, tmp_path):
    rows = json.loads((DOCS / "scores" / "tables.json").read_text())
    script("scores/tables.py").write({row["table"]: row for row in rows}, tmp_path)
    assert (tmp_path / "tables.md").read_text() == (DOCS / "scores" / "tables.md").read_text()


def test_the_table_of_standard_splits(script):
    rows = json.loads((DOCS / "scores" / "gal.json").read_text())
    assert script("scores/gal.py").table(rows) == (DOCS / "scores" / "gal.md").read_text()


def test_the_table_of_baselines(script):
    rows = json.loads((DOCS / "scores" / "baselines.json").read_text())
    assert script("scores/baselines.py").table(rows) == (DOCS / "scores" / "baselines.md").read_text()


def test_the_table_of_verdicts(script):
    counts = json.loads((DOCS / "diagnose" / "cases.json").read_text())
    assert script("diagnose/cases.py").table(counts) == (DOCS / "diagnose" / "cases.md").read_text()
