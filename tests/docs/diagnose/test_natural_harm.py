"""The harm of natural faults: differences that matter, by hand."""

import importlib
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "diagnose"


def test_a_change_without_harm_is_named(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    natural_harm = importlib.import_module("natural_harm")
    rows = {
        "worse": {"kind": "rate_low", "metric": "rmse", "sound": 2.0, "faulty": 3.0},
        "same": {"kind": "rate_low", "metric": "rmse", "sound": 2.0, "faulty": 2.001},
        "better": {"kind": "too_small", "metric": "accuracy", "sound": 0.8, "faulty": 0.9},
        "lower": {"kind": "too_small", "metric": "accuracy", "sound": 0.8, "faulty": 0.7},
        "broken": {"kind": "rate_high", "metric": "accuracy", "sound": 0.8, "faulty": None},
    }
    harmful = [name for name, row in rows.items() if natural_harm.harms(row)]
    assert harmful == ["worse", "lower", "broken"]
    text = natural_harm.table(rows)
    assert "2 changes do no harm" in text
    assert "| broken | accuracy | 0.8 | diverged | yes |" in text
    assert "| better | accuracy | 0.8 | 0.9 | no |" in text
