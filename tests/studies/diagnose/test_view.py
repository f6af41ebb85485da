"""A diagnosis as text: no line too wide, no NaN, and every trial says what it showed."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from ravine.execution.baseline_rows import BaselineRow
from ravine.execution.result_parts import ScoreSummary
from ravine.render.text import text
from ravine.studies.diagnose.result import (
    ConstantComparison,
    DiagnosePlan,
    DiagnoseResult,
    FindingRow,
    Recommendation,
)
from ravine.studies.diagnose.view import details, next_steps, plan_view, view


def words(result: DiagnoseResult, width: int = 80) -> str:
    return " ".join(text(view(result), width).split())


def with_trial(
    result: DiagnoseResult,
    outcome: str = "confirmed",
    loss: dict[str, Any] | None = None,
    lowest: dict[str, Any] | None = None,
    score: dict[str, Any] | None = None,
) -> DiagnoseResult:
    """Return the result with another outcome of the remedy of its first finding."""
    first = result.findings[0]
    trial = first.remedies[0]
    changed = dataclasses.replace(
        trial,
        loss=dataclasses.replace(trial.loss, **loss or {}),
        lowest_loss=dataclasses.replace(trial.lowest_loss, **lowest or {}),
        score=dataclasses.replace(trial.score, **score or {}),
        outcome=outcome,
        confirmed=outcome == "confirmed",
    )
    finding = dataclasses.replace(first, remedies=[changed], withdrawn=outcome != "confirmed")
    return result.replace(findings=[finding, *result.findings[1:]])


def with_advice(result: DiagnoseResult, **changes: Any) -> str:
    """Return the text of a result whose original settings stay."""
    advice = Recommendation(
        changes={}, remedies=[], validation=None, score=None, test=None, unchanged=True, **changes
    )
    return words(result.replace(recommendation=advice))


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
    assert "19 of 20 seeds" in words(found, width)


@pytest.mark.parametrize("width", [60, 100, 200])
def test_details_fit_too(found: DiagnoseResult, width: int) -> None:
    shown = text(details(found), width)
    assert max(map(len, shown.splitlines())) <= width
    assert "RAV402 No column leaks the target." in " ".join(shown.split())
    assert "share: 0.5 ± 0.02" in " ".join(shown.split())
    findings, _, passed = shown.partition("Checks that passed")
    assert "Principle P2" in findings
    assert passed and "Principle" not in passed


def test_color_changes_no_word(found: DiagnoseResult) -> None:
    colored = text(view(found), 100, color=True)
    assert "\x1b[" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == text(view(found), 100)


def test_findings_are_numbered_with_code_evidence_principle_and_proof(found: DiagnoseResult) -> None:
    shown = text(view(found), 120)
    assert "1 finding, worst first." in shown
    assert "On the validation rows, accuracy is 90.0 % (constant prediction 50.0 %)." in shown
    assert "\n1. RAV401 The inputs are not standardised" in shown
    assert "\nAlso noted\n- RAV406 1 column is constant" in shown  # no fault, so it has no number
    assert "\n2. " not in shown
    assert "size: 1e+09 (threshold 3), inputs" in shown
    assert "ratio: not known (threshold 1)" in shown
    assert "share: 0.5" not in shown  # a number that decides nothing is a detail
    assert "Principle P2: standardising fixes the geometry." in shown
    assert (
        "Remedy: inputs standardised (scaling standard): accuracy 73.2 → 75.0 % (paired difference "
        "+1.8 ± 0.4 points), 19 of 20 seeds better; validation loss 0.41 → 0.22" in words(found)
    )
    assert "1 check passed. No sign of: columns that give the target away." in shown
    assert "No column leaks the target." not in shown
    assert "Recommended for 1,000 steps (100 epochs): scaling standard." in shown
    assert "On the test rows, read once, accuracy 73.2 → 75.0 %" in words(found)
    assert "in total 1.50 times the training" in words(found)


def test_findings_come_before_checks_and_advice(found: DiagnoseResult) -> None:
    shown = words(found)
    places = [shown.index(part) for part in ("RAV401", "RAV406", "check passed", "Recommended", "Cost")]
    assert places == sorted(places)


def test_a_muted_finding_is_one_line_and_no_fault(found: DiagnoseResult) -> None:
    muted = dataclasses.replace(found.findings[0], muted=True, remedies=[])
    shown = words(found.replace(findings=[muted]))
    assert "No fault found." in shown
    assert "Muted: RAV401 (inputs not standardized)." in shown
    assert "size: 1e+09" not in shown


def test_details_separate_faults_observations_and_muted_findings(found: DiagnoseResult) -> None:
    fault, fact = found.findings
    muted = dataclasses.replace(fault, code="RAV301", muted=True, remedies=[])
    shown = text(details(found.replace(findings=[fault, muted, fact])), 120)
    places = [shown.index(part) for part in (
        "Findings", "RAV401", "Also noted", "RAV406", "Muted", "RAV301", "Checks that passed", "RAV402",
    )]  # fmt: skip
    assert places == sorted(places)
    assert "Muted" not in text(details(found), 120)


def test_a_passed_check_has_no_principle(found: DiagnoseResult) -> None:
    """The finding and the check have one each."""
    shown = text(details(found), 120)
    assert shown.count("Principle P2") == 1
    assert shown.index("Principle P2") < shown.index("Checks that passed")
    assert "Principle" not in text(details(found.replace(findings=[])), 120)


def test_observations_have_no_number_even_without_a_fault(found: DiagnoseResult) -> None:
    shown = text(view(found.replace(findings=found.findings[1:])), 120)
    assert "No fault found." in shown and "\nAlso noted\n- RAV406" in shown
    assert "1. RAV" not in shown


def test_seeds_that_tie_are_counted_apart(found: DiagnoseResult) -> None:
    shown = words(with_trial(found, score={"better": 2, "equal": 1, "seeds": 5}))
    assert "2 of 5 seeds better, 1 equal" in shown


def test_a_gain_that_then_overfits_is_not_withdrawn(found: DiagnoseResult) -> None:
    shown = words(
        with_trial(
            found,
            loss={"before": 0.589, "after": 0.622, "worse": True},
            lowest={"before": 0.56, "after": 0.53},
        )
    )
    assert (
        "Remedy: inputs standardised (scaling standard): accuracy 73.2 → 75.0 % (paired difference +1.8 ± "
        "0.4 points), 19 of 20 seeds better; validation loss at its lowest 0.56 → 0.53, at the end 0.589 → "
        "0.622: it then overfits" in shown
    )


@pytest.mark.parametrize(
    ("outcome", "ending"),
    [
        ("too_small", "too small a difference to matter"),
        ("no_difference", "no clear difference"),
        ("worse", "this is worse"),
        ("too_few_seeds", "20 seeds cannot confirm it"),
        ("overfits", ": it then overfits"),
        ("learns_less", ": it overfits less because it learns less"),
    ],
)
def test_a_trial_that_confirms_nothing_says_why(found: DiagnoseResult, outcome: str, ending: str) -> None:
    shown = words(with_trial(found, outcome))
    assert "Tried: inputs standardised" in shown and ending in shown
    assert "Remedy:" not in shown


def test_a_trial_that_diverges_says_so(found: DiagnoseResult) -> None:
    shown = words(with_trial(found.replace(recommendation=None), "diverges", loss={"diverged_after": 18}))
    assert "inputs standardised (scaling standard): diverges on 18 of 20 seeds" in shown
    assert "No remedy that was tried helps" in shown


def test_a_training_that_diverged_before_has_no_number(found: DiagnoseResult) -> None:
    gone = {"before": None, "difference": None, "interval": None, "diverged_before": 20}
    shown = words(with_trial(found, loss=gone, score={**gone, "better": 20}))
    assert "accuracy diverged → 75.0 %, 20 of 20 seeds better, diverged 20 → 0" in shown
    assert "validation loss diverged → 0.22" in shown


def test_the_score_without_a_leak_is_reported_and_not_judged(found: DiagnoseResult) -> None:
    first = found.findings[0]
    score = dataclasses.replace(
        first.remedies[0].score, before=0.999, after=0.802, difference=-0.197, interval=[-0.2, -0.194]
    )
    trial = dataclasses.replace(
        first.remedies[0], says="without the suspected columns", changes={"drop": ["c", "d"]},
        score=score, outcome="not_judged", confirmed=False,
    )  # fmt: skip
    shown = words(found.replace(findings=[dataclasses.replace(first, remedies=[trial])]))
    assert (
        "Without the suspected columns (--drop c,d): accuracy 99.9 → 80.2 % (paired difference -19.7" in shown
    )
    assert "Tried:" not in shown


def test_remedies_that_do_not_help_are_named_only(found: DiagnoseResult) -> None:
    first = found.findings[0]
    other = dataclasses.replace(first.remedies[0], says="leaky units", outcome="worse", confirmed=False)
    shown = words(found.replace(findings=[dataclasses.replace(first, remedies=[*first.remedies, other])]))
    assert "Not better: leaky units." in shown
    assert "Tried: leaky units" in " ".join(
        text(details(found.replace(findings=[dataclasses.replace(first, remedies=[other])])), 80).split()
    )


def test_a_remedy_that_helps_only_with_another_one_is_not_withdrawn(found: DiagnoseResult) -> None:
    assert found.recommendation is not None
    advice = dataclasses.replace(found.recommendation, remedies=["standardize", "early stopping"])
    shown = words(with_trial(found, "overfits").replace(recommendation=advice))
    assert "Recommended below, combined with another remedy: inputs standardised." in shown
    assert "No remedy that was tried helps" not in shown
    alone = dataclasses.replace(found.recommendation, remedies=["wider"])
    assert "No remedy that was tried helps" in words(
        with_trial(found, "overfits").replace(recommendation=alone)
    )


def untried(result: DiagnoseResult, code: str) -> FindingRow:
    """Return a fault without remedies of its own."""
    return dataclasses.replace(result.findings[0], code=code, principle=None, remedies=[], untried=True)


def test_a_finding_without_a_trial_says_so(found: DiagnoseResult) -> None:
    assert "No remedy was tried." in words(found.replace(findings=[untried(found, "RAV306")]))


def test_without_trials_only_a_note_says_so(found: DiagnoseResult) -> None:
    plan = dataclasses.replace(found.plan, seeds=0)
    findings = [untried(found, "RAV101"), untried(found, "RAV306")]
    noted = found.replace(
        findings=findings, plan=plan, recommendation=None, notes=["No remedy was tried. Give --seeds 20."]
    )
    assert words(noted).count("No remedy was tried") == 1


def test_a_fault_without_a_trial_gives_the_score_with_another_remedy(
    found: DiagnoseResult,
) -> None:
    """Faults of the data are not cured by a change of the training."""
    both = found.replace(findings=[found.findings[0], untried(found, "RAV306")])
    shown = words(both)
    scores = "accuracy on the test rows is 75.0 %, and a constant prediction has 51.0 %."
    assert f"With the remedy of RAV401, {scores}" in shown
    known = words(both.replace(baselines=[baseline("linear model", 0.7, 0.65)]))
    assert "is 75.0 %, a linear model has 65.0 %, and a constant prediction has 51.0 %." in known
    assert "was tried" not in shown
    data = words(found.replace(findings=[found.findings[0], untried(found, "RAV408")]))
    assert "With the remedy" not in data and "No remedy was tried." in data
    better = words(both.replace(baselines=[baseline("linear model", 0.88, 0.8)]))
    assert "With the remedy" not in better
    assert "No remedy of its own was tried; see the remedy of RAV401." in better
    assert "With the remedy" not in words(both.replace(recommendation=None))


@pytest.mark.parametrize(
    ("tried", "reason"),
    [
        (None, "no remedy that was tried is better by a difference that matters"),
        ("standardize", "the best remedy, inputs standardised, was not better"),
    ],
)
def test_a_configuration_that_stays_says_why(found: DiagnoseResult, tried: str | None, reason: str) -> None:
    """A remedy of an observation is tried, too."""
    trials = found.findings[0].remedies
    fact = dataclasses.replace(found.findings[1], remedies=trials)
    shown = with_advice(found.replace(findings=[fact]), not_better=tried)
    assert f"Recommended for 1,000 steps (100 epochs): keep this configuration; {reason}" in shown
    shown = with_advice(found, not_better=tried)  # with a fault
    assert "keep this configuration" not in shown
    assert f"No change is recommended: {reason}" in shown
    assert "although RAV401 was found. This finding stands without proof." in shown
    two = found.replace(findings=[*found.findings, untried(found, "RAV306")])
    assert "although RAV401 and RAV306 were found." in with_advice(two, not_better=tried)


@pytest.mark.parametrize("seeds", [1, 20])
def test_a_configuration_that_diverges_is_never_recommended(found: DiagnoseResult, seeds: int) -> None:
    for tried in (None, "standardize"):
        shown = with_advice(found.replace(findings=[]), diverged=seeds, not_better=tried)
        assert "keep this configuration" not in shown
        assert f"this configuration diverges on {seeds} of 20 seeds" in shown


@pytest.mark.parametrize(("score", "learned"), [(None, True), (0.507, False)])
def test_a_training_that_diverges_has_no_score_to_compare(
    found: DiagnoseResult, score: float | None, learned: bool
) -> None:
    chance = ConstantComparison(score=score, constant=0.507, seeds=20, test=False, beaten=False)
    shown = with_advice(found, diverged=20 if learned else 1, constant=chance)
    assert ("Nothing is learned" in shown) != learned


def test_too_few_seeds_give_no_recommendation(found: DiagnoseResult) -> None:
    shown = with_advice(found, few_seeds=True, promising="standardize")
    assert "keep this configuration" not in shown
    assert "20 seeds cannot confirm a remedy" in shown
    assert "The most promising is inputs standardised." in shown


@pytest.mark.parametrize("unchanged", [True, False])
def test_better_is_not_cured(found: DiagnoseResult, unchanged: bool) -> None:
    chance = ConstantComparison(score=0.509, constant=0.507, seeds=20, test=not unchanged, beaten=False)
    if unchanged:
        shown = with_advice(found, constant=chance)
        assert "Nothing is learned: accuracy on the validation rows is 50.9 %" in shown
    else:
        assert found.recommendation is not None
        advice = dataclasses.replace(found.recommendation, constant=chance)
        shown = words(found.replace(recommendation=advice))
        assert "Better, but not cured: accuracy on the test rows is 50.9 %" in shown
    assert "a constant prediction has 50.7 %." in shown
    assert "not cured" not in words(found) and "Nothing is learned" not in words(found)


@pytest.mark.parametrize("known", [True, False])
def test_a_model_is_named_by_what_its_file_says_of_its_training(found: DiagnoseResult, known: bool) -> None:
    unknown = dict.fromkeys(("optimizer", "learning_rate", "steps", "epochs", "batch_size"))
    plan = found.plan if known else dataclasses.replace(found.plan, **unknown)
    first = text(view(found.replace(history=False, plan=plan)), 100).splitlines()[0]
    more = ("sgd at 0.1, ", ", 1,000 steps of 32 rows (100 epochs)") if known else ("", "")
    assert first.endswith(f": a trained model, {more[0]}4-8-2 relu{more[1]}")


def test_without_a_fault_the_score_stands_next_to_a_constant(found: DiagnoseResult) -> None:
    for findings in ([], found.findings[1:]):  # a fact is no fault
        shown = words(found.replace(findings=findings))
        assert "No fault found. On the validation rows, accuracy is 90" in shown
        assert "healthy" not in shown


def baseline(model: str, value: float, test: float) -> BaselineRow:
    scores = {"mean": value, "median": value, "sd": 0.0, "interval": None, "n_seeds": 1, "diverged": 0}
    return BaselineRow(
        model=model, seeds=[2_000], looks=1, tuning_seeds=[], hyperparameters={}, rows=320, note="",
        test=ScoreSummary(**{**scores, "mean": test, "median": test, "values": [test]}), values=[value],
        **scores,
    )  # fmt: skip


def test_the_score_stands_next_to_the_baselines(found: DiagnoseResult) -> None:
    """The recommended training has 75.0 % on the test rows; half a point matters."""
    rows = [baseline("constant", 0.51, 0.5), baseline("linear model", 0.88, 0.8)]
    shown = words(found.replace(baselines=rows))
    assert "On the validation rows, accuracy is 90.0 % (constant 51.0 %, linear model 88.0 %)." in shown
    assert "Better, but still worse than the linear model, which has 80.0 % on the test rows." in shown
    near = [baseline("linear model", 0.88, 0.753)]
    assert "still worse" not in words(found.replace(baselines=near))
    assert "still worse" not in words(found.replace(baselines=[baseline("linear model", 0.88, 0.7)]))


def test_the_next_steps_train_as_recommended(found: DiagnoseResult) -> None:
    kept = found.replace(run_dir="runs/a b", config="runs/a b/recommended.toml")
    shown = text(next_steps(kept), 100)
    assert "ravine train -c 'runs/a b/recommended.toml'" in shown and "ravine resume 'runs/a b'" in shown
    assert "ravine train" not in text(next_steps(kept.replace(config=None)), 100)


def test_a_plan_says_what_is_trained(planned: DiagnosePlan) -> None:
    shown = text(plan_view(planned), 120)
    assert "the original and every remedy of a finding, on 20 seeds" in shown and "40 more networks" in shown
    assert "penalties" in shown.lower() and "L2 0.01" in shown and "about 1 min 5 s" in shown
    none = dataclasses.replace(planned.plan.runs, original=0, each_remedy=0, confirm=0)
    without = dataclasses.replace(planned, plan=dataclasses.replace(planned.plan, runs=none))
    assert "no remedy is tried" in text(plan_view(without), 120)
    examined = text(plan_view(dataclasses.replace(planned, model="runs/a/models/best")), 120)
    assert "runs/a/models/best" in examined and "no training: the model is measured" in examined


def test_few_seeds_have_no_interval(found: DiagnoseResult) -> None:
    shown = words(with_trial(found.replace(recommendation=None), score={"interval": None}))
    assert "±" not in shown.partition("accuracy")[2].partition("seeds better")[0]


def test_a_plan_with_few_seeds_warns_before_training(planned: DiagnosePlan) -> None:
    facts = dataclasses.replace(planned.plan, few_seeds="3 seeds cannot confirm a remedy.")
    assert "3 seeds cannot confirm a remedy." in text(
        plan_view(dataclasses.replace(planned, plan=facts)), 120
    )
