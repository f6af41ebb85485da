"""A diagnosis as text: no line too wide, no NaN, and advice that failed is withdrawn in words."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ravine.render.text import text
from ravine.studies.diagnose.result import DiagnosePlan, DiagnoseResult, Recommendation
from ravine.studies.diagnose.view import next_steps, plan_view, view


def words(result: DiagnoseResult, width: int = 80) -> str:
    return " ".join(text(view(result), width).split())


def with_trial(result: DiagnoseResult, confirmed: bool, **loss: Any) -> DiagnoseResult:
    """Return the result with another outcome of the remedy of its first finding."""
    first = result.findings[0]
    trial = first.remedies[0]
    changed = dataclasses.replace(trial, loss=dataclasses.replace(trial.loss, **loss), confirmed=confirmed)
    finding = dataclasses.replace(first, remedies=[changed], withdrawn=not confirmed)
    return result.replace(findings=[finding, *result.findings[1:]])


@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("width", [40, 60, 100, 200])
def test_lines_fit_and_hold_no_escapes(
    found: DiagnoseResult, planned: DiagnosePlan, width: int, unicode: bool
) -> None:
    for blocks in (view(found), plan_view(planned)):
        shown = text(blocks, width, unicode=unicode)
        assert max(map(len, shown.splitlines())) <= width
        assert "\x1b" not in shown
        assert "nan" not in shown.lower()
        assert unicode or shown.isascii()
    assert "20 of 20 seeds" in words(found, width)


def test_findings_are_numbered_with_evidence_principle_and_proof(found: DiagnoseResult) -> None:
    shown = text(view(found), 120)
    assert "1 finding, worst first." in shown
    assert "\n1. The inputs are not standardised" in shown and "\n2. 1 column is constant" in shown
    assert "size: 1e+09 (threshold 3), inputs" in shown
    assert "ratio: not known (threshold 1)" in shown
    assert "share: 0.5 ± 0.02" in shown
    assert "Principle P2: standardising fixes the geometry." in shown
    assert (
        "Remedy: inputs standardised (scaling standard): validation loss 0.41 → 0.22 "
        "(by -0.19, 95 % interval -0.2 to -0.18), 20 of 20 seeds better" in words(found)
    )
    assert "without a fault: No column leaks the target." in shown
    assert "Recommended: scaling standard." in shown
    assert "On the test rows, read once, accuracy 0.41 → 0.22" in shown
    assert "in total 1.50 times the training" in words(found)


def test_seeds_that_tie_are_counted_apart(found: DiagnoseResult) -> None:
    assert "2 of 5 seeds better, 1 equal" in words(with_trial(found, True, better=2, equal=1, seeds=5))


def test_failed_advice_is_withdrawn_in_words(found: DiagnoseResult) -> None:
    bad = with_trial(found, False, after=None, difference=None, interval=None, diverged_after=20)
    shown = words(bad)
    assert "Advice withdrawn" in shown
    assert "Withdrawn: inputs standardised" in shown
    assert "0.41 → diverged, 20 of 20 seeds better; diverged 0 → 20" in shown


def test_a_finding_without_a_trial_says_so(found: DiagnoseResult) -> None:
    first = dataclasses.replace(found.findings[0], remedies=[], untried=True)
    assert "No remedy was tried." in words(found.replace(findings=[first]))


@pytest.mark.parametrize(
    ("tried", "reason"),
    [
        (None, "no remedy is confirmed"),
        ("standardize", "the best remedy, inputs standardised, was not better"),
    ],
)
def test_a_configuration_that_stays_says_why(found: DiagnoseResult, tried: str | None, reason: str) -> None:
    kept = Recommendation(
        changes={}, remedies=[], validation=None, test=None, unchanged=True, not_better=tried
    )
    assert f"keep this configuration; {reason}" in words(found.replace(recommendation=kept))


@pytest.mark.parametrize("known", [True, False])
def test_a_model_is_named_by_what_its_file_says_of_its_training(found: DiagnoseResult, known: bool) -> None:
    unknown = dict.fromkeys(("optimizer", "learning_rate", "steps", "batch_size"))
    plan = found.plan if known else dataclasses.replace(found.plan, **unknown)
    first = text(view(found.replace(history=False, plan=plan)), 100).splitlines()[0]
    more = ("sgd at 0.1, ", ", 1,000 steps of 32 rows") if known else ("", "")
    assert first.endswith(f": a trained model, {more[0]}4-8-2 relu{more[1]}")


def test_no_finding_is_health(found: DiagnoseResult) -> None:
    assert "healthy" in words(found.replace(findings=[]))
    assert "healthy" in words(found.replace(findings=found.findings[1:]))  # a fact, not a fault


def test_the_next_steps_train_as_recommended(found: DiagnoseResult) -> None:
    kept = found.replace(run_dir="runs/a b", config="runs/a b/recommended.toml")
    shown = text(next_steps(kept), 100)
    assert "ravine train -c 'runs/a b/recommended.toml'" in shown and "ravine resume 'runs/a b'" in shown
    assert "ravine train" not in text(next_steps(kept.replace(config=None)), 100)


def test_a_plan_says_what_is_trained(planned: DiagnosePlan) -> None:
    shown = text(plan_view(planned), 120)
    assert "the original and every remedy of a finding, on 20 seeds" in shown and "40 more networks" in shown
    assert "penalties" in shown.lower() and "L2 0.01" in shown
    none = dataclasses.replace(planned.plan.runs, original=0, each_remedy=0, confirm=0)
    without = dataclasses.replace(planned, plan=dataclasses.replace(planned.plan, runs=none))
    assert "no remedy is tried" in text(plan_view(without), 120)
    examined = text(plan_view(dataclasses.replace(planned, model="runs/a/models/best")), 120)
    assert "runs/a/models/best" in examined and "no training: the model is measured" in examined


def test_few_seeds_have_no_interval(found: DiagnoseResult) -> None:
    assert "95 %" not in words(with_trial(found.replace(recommendation=None), True, interval=None))
