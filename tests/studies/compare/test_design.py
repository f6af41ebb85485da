"""The design of a comparison: equal trials for all, seeds that never meet, the level of effort."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ravine.data import Dataset
from ravine.engines import find_devices
from ravine.errors import DataError, UsageError
from ravine.execution.effort import COMPARE
from ravine.execution.seeds import RANGES
from ravine.optimizers import RULES
from ravine.render.cells import display_width
from ravine.render.text import text
from ravine.studies.compare.design import RANGE_DECADES, CompareDesign, design, plan
from ravine.studies.compare.result import ComparePlan
from ravine.studies.compare.settings import CompareSettings

QUICK = CompareSettings(optimizers=["sgd", "adam"], effort="quick", net="8", epochs=4)


def designed(dataset: Dataset, **changes: object) -> CompareDesign:
    return design(replace(QUICK, **changes), dataset, find_devices())  # type: ignore[arg-type]


def test_every_optimizer_gets_the_same_trials_seeds_and_steps(blobs: Dataset) -> None:
    planned = plan(designed(blobs))
    by_rule = {name: [trial for trial in planned.tune if trial.optimizer == name] for name in ("sgd", "adam")}
    assert len(by_rule["sgd"]) == len(by_rule["adam"]) == 12
    spread = {
        name: np.ptp(np.log10([trial.learning_rate for trial in trials])) for name, trials in by_rule.items()
    }
    assert spread["sgd"] == pytest.approx(spread["adam"]) and spread["sgd"] <= RANGE_DECADES
    assert not set(planned.tuning_seeds) & set(planned.seeds)
    assert min(planned.seeds) == RANGES["compare.evaluate"].first
    assert planned.runs == 2 * (12 * 3 + 2 * 10)
    assert planned.network_steps == planned.runs * planned.plans["sgd"]["steps"]
    assert planned.plans["sgd"]["steps"] == planned.plans["adam"]["steps"]


def test_test_rows_are_in_no_split_of_any_seed(blobs: Dataset) -> None:
    made = designed(blobs)
    for seed in [*made.tuning_seeds, *made.seeds]:
        part = made.batches._split(seed)
        assert not set(blobs.test) & {*part.train, *part.valid} and not set(part.train) & set(part.valid)


def test_the_full_track_tunes_more_numbers_with_as_many_trials(blobs: Dataset) -> None:
    planned = plan(designed(blobs, tune="all"))
    trials = [trial for trial in planned.tune if trial.optimizer == "adam"]
    assert len(trials) == 12
    for name, span in RULES["adam"].search_ranges.items():
        values = [trial.hyperparameters[name] for trial in trials]
        ends = sorted(span.at(end) for end in (0.0, 1.0))
        assert ends[0] <= min(values) < max(values) <= ends[1]
    assert all(trial.hyperparameters == {} for trial in planned.tune if trial.optimizer == "sgd")


@pytest.mark.parametrize("scope", ["learning-rate", "all"])
@pytest.mark.parametrize("sides", [["high"], ["low"], ["high", "high"], ["high", "low"]])
def test_an_extension_adds_a_decade_and_no_rate_within_it_was_tried(
    blobs: Dataset, scope: str, sides: list[str]
) -> None:
    made = designed(blobs, tune=scope)
    for rule in made.rules:
        before, after = made.range(rule, sides[:-1]), made.range(rule, sides)
        rates = made.extended(rule, sides).rate
        low, high = (before[1], after[1]) if sides[-1] == "high" else (after[0], before[0])
        assert high / low == pytest.approx(10)
        assert ((low <= rates) & (rates <= high)).all() and len(rates) == 2 * made.added_rates


def seconds_of_a_step(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let every forward pass take the same time, whatever the machine does."""
    monkeypatch.setattr("ravine.execution.training_time.forward_seconds", lambda network, rows: seconds)
    for constant in ("START_S", "COMPILE_S"):
        monkeypatch.setattr(f"ravine.execution.training_time.{constant}", 0.0)


def test_without_a_budget_no_measurement_changes_the_plan(
    blobs: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans = []
    for seconds in (1e-9, 1e3):
        seconds_of_a_step(monkeypatch, seconds)
        made = designed(blobs, effort=None, epochs=None)
        assert made.effort.name == "standard" and made.steps == 600
        plans.append(made.plan_document())
    assert plans[0] == plans[1]


def test_a_budget_chooses_counts_that_are_then_settled(
    blobs: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds_of_a_step(monkeypatch, 1e-4)
    smallest = designed(blobs, epochs=None).estimated_seconds
    largest = designed(blobs, effort="thorough", epochs=None).estimated_seconds
    for budget in np.geomspace(1.1 * smallest, 0.9 * largest, 5):
        made = designed(blobs, effort=None, epochs=None, budget=f"{budget:.1f}s")
        assert 0.6 * budget < made.estimated_seconds <= budget
        assert made.settings.budget is None and made.settings.epochs is not None
        assert made.notes == []  # nobody typed the epochs, so no note says that they were rounded
        seconds_of_a_step(monkeypatch, 1.0)  # a slow machine resumes the same plan
        again = design(made.settings, blobs, find_devices())
        assert again.plan_document() == made.plan_document() and again.settings == made.settings
        seconds_of_a_step(monkeypatch, 1e-4)
    made = designed(blobs, effort=None, epochs=None, budget="1000h")
    assert made.effort == replace(COMPARE["thorough"], epochs=made.epochs, min_steps=1, max_steps=np.inf)


def test_a_budget_below_the_smallest_plan_is_refused(blobs: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds_of_a_step(monkeypatch, 1.0)
    with pytest.raises(UsageError, match="smallest plan") as refused:
        designed(blobs, effort=None, epochs=None, budget="1s")
    assert refused.value.option == "budget"


def test_counts_that_the_user_gives_replace_those_of_the_effort(blobs: Dataset) -> None:
    made = designed(blobs, trials=6, tuning_seeds=2, seeds=4)
    assert made.runs == 2 * (6 * 2 + 2 * 4)


def test_the_first_line_states_runs_steps_and_reason(blobs: Dataset) -> None:
    made = designed(blobs)
    assert made.line().startswith(f"112 networks of {made.steps} steps (5 epochs), effort quick (as given)")


def test_the_reference_is_plain_gradient_descent_if_it_takes_part(blobs: Dataset) -> None:
    assert designed(blobs, optimizers=["adam", "sgd"]).reference == "sgd"
    assert designed(blobs, optimizers=["adam", "rmsprop"]).reference == "adam"


def test_a_plan_is_the_same_after_json_and_fits_every_width(blobs: Dataset) -> None:
    planned = plan(designed(blobs, l2=0.01, hyper_schedule=["b1=linear(end=0.5)"]))
    assert planned.training_options == {"l2": 0.01, "hyper_schedule": ["b1=linear(end=0.5)"]}
    assert ComparePlan.from_dict(planned.to_dict()) == planned
    for width in (60, 100, 200):
        for unicode in (True, False):
            shown = text(planned.view(), width, unicode=unicode)
            assert all(display_width(line) <= width for line in shown.splitlines())
            assert "sgd, adam" in shown and "112 in all" in shown and (unicode or shown.isascii())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"metric": "rmse"}, "does not fit"),
        ({"metric": "acuracy"}, "accuracy"),
        ({"optimizers": ["adm"]}, "adam"),
        ({"net": "big"}, "big"),
        ({"hyper_schedule": ["rho=linear"]}, "no hyperparameter 'rho'"),
        ({"hyper_schedule": ["b1=plateau"]}, "Only the learning rate"),
        ({"schedules": ["linear", "linear(0)"]}, "twice"),
        ({"min_change": 0.1}, "early"),
    ],
)
def test_settings_that_do_not_fit_are_refused_with_a_hint(
    blobs: Dataset, change: dict[str, object], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        designed(blobs, **change)


def test_a_metric_without_a_value_on_the_test_rows_is_refused(line: Dataset) -> None:
    y = line.y.copy()
    y[line.test] = y[0]
    with pytest.raises(DataError, match="r2"):
        designed(replace(line, y=y), metric="r2")
