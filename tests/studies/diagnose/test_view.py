"""A diagnosis as text: no line too wide, no NaN, advice that failed is withdrawn in words."""

from __future__ import annotations

from typing import Any

import pytest

from ravine.studies.diagnose.view import diagnosis_text


def trial(confirmed: bool, **loss: Any) -> dict[str, Any]:
    pair = {"before": 0.41, "after": 0.22, "difference": -0.19, "interval": [-0.2, -0.18], "better": 20,
            "equal": 0, "seeds": 20, "diverged_before": 0, "diverged_after": 0} | loss  # fmt: skip
    return {"says": "inputs standardised", "changes": {"scaling": None}, "loss": pair, "confirmed": confirmed}


def document(**changes: Any) -> dict[str, Any]:
    finding = {
        "verdict": "not_standardised", "sentence": "The inputs are not standardised: " + "words " * 20,
        "severity": 2, "withdrawn": False, "untried": False, "remedies": [trial(True)],
        "evidence": [{"what": "size", "value": 1e9, "error": None, "threshold": 3.0, "where": "inputs"},
                     {"what": "ratio", "value": None, "error": None, "threshold": 1.0, "where": ""}],
        "principle": {"claim": "P2", "says": "standardising fixes the geometry"},
    }  # fmt: skip
    return {
        "data": {"name": "a\x1b[31m.csv"}, "metric": {"name": "accuracy", "greater_is_better": True},
        "plan": {"optimizer": "sgd", "learning_rate": 0.1, "network": "4-8-2 relu", "steps": 1000,
                 "batch_size": 32}, "history": True,
        "findings": [finding], "checks": [], "notes": [], "config": None,
        "recommendation": {"kept": True, "changes": {}},
        "cost": {"train": 0.1, "compile": 2.0, "measurements": {"curvature": 0.05}, "overhead": 1.5},
    } | changes  # fmt: skip


@pytest.mark.parametrize("width", [40, 60, 100])
def test_lines_fit_and_hold_no_escapes(width: int) -> None:
    text = diagnosis_text(document(), width)
    assert max(map(len, text.splitlines())) <= width
    assert "\x1b" not in text
    assert "nan" not in text.lower()
    assert "20 of 20 seeds" in " ".join(text.split())
    assert diagnosis_text(document(), width, unicode=False).isascii()


def test_seeds_that_tie_are_counted_apart() -> None:
    tied = document()
    tied["findings"][0]["remedies"] = [trial(True, better=2, equal=1, seeds=5)]
    assert "2 of 5 seeds better, 1 equal" in " ".join(diagnosis_text(tied).split())


def test_failed_advice_is_withdrawn_in_words() -> None:
    bad = document()
    bad["findings"][0] |= {
        "remedies": [trial(False, after=None, difference=None, interval=None)],
        "withdrawn": True,
    }
    text = diagnosis_text(bad)
    assert "Advice withdrawn" in text
    assert "Withdrawn: inputs standardised" in text
    assert "0.41 → none" in " ".join(text.split())


@pytest.mark.parametrize("known", [True, False])
def test_a_model_is_told_by_what_it_says_of_its_training(known: bool) -> None:
    plan = document()["plan"]
    if not known:
        plan |= dict.fromkeys(("optimizer", "learning_rate", "steps", "batch_size"))
    head = diagnosis_text(document(history=False, plan=plan), 100).splitlines()[0]
    more = ("sgd at 0.1, ", ", 1,000 steps of 32 rows") if known else ("", "")
    assert head.endswith(f": a trained model, {more[0]}4-8-2 relu{more[1]}")


def test_no_finding_is_health() -> None:
    assert "healthy" in diagnosis_text(document(findings=[]))
