"""The design of a comparison: equal trials for all, seeds that never meet, the level of effort."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ravine.data import Dataset
from ravine.engines import find_devices
from ravine.errors import DataError, UsageError
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


def test_a_budget_chooses_the_level_and_is_then_settled(blobs: Dataset) -> None:
    made = designed(blobs, effort=None, budget="1h")
    assert made.effort.name == "thorough" and made.effort_reason == "the largest within 1h"
    assert (made.settings.effort, made.settings.budget) == ("thorough", None)
    quick, thorough = (designed(blobs, effort=level) for level in ("quick", "thorough"))
    assert quick.estimated_seconds < thorough.estimated_seconds
    assert made.plan_document() == thorough.plan_document() != quick.plan_document()


def test_the_first_line_states_runs_steps_and_reason(blobs: Dataset) -> None:
    made = designed(blobs)
    assert made.line().startswith(f"112 networks of {made.steps} steps, effort quick (as given), about ")


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
