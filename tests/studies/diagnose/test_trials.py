"""Trials of remedies whose outcomes are made by hand: nothing is trained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ravine.data import Dataset
from ravine.execution.training_settings import FixedTrainingSettings
from ravine.records.record import Record
from ravine.studies.diagnose.judgement import Outcomes
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.trials import Trials, best_first, try_remedies
from ravine.studies.diagnose.verdicts import Finding

SEEDS = list(range(3_000, 3_020))
RateHigh = ("rate / 10", "rate / 100", "stable rate", "usual rate", "stable rate / 10", "rate / 10000")

Runner = Callable[..., Any]


def finding(*remedies: str, name: str = "rate_high") -> Finding:
    return Finding(name, True, "Too high.", (), None, 3, remedies)


@pytest.fixture
def steep(record_with: Callable[..., Record]) -> Observation:
    """A run whose curvature is 1,000 times the limit."""
    return Observation(record_with(series={"sharpness": np.full((1, 11), 20_000.0)}))


def trials_of(made: Any, run: Observation, *findings: Finding) -> Trials:
    original = made.outcomes(made.original.settings)
    return try_remedies(made, findings, run, original, SEEDS)


def below(limit: float) -> Callable[[FixedTrainingSettings], float]:
    """Loss of a training that diverges at learning rates of `limit` and above."""
    return lambda settings: 0.1 if (settings.learning_rate or 1) < limit else np.nan


def test_the_curvature_gives_the_learning_rate_where_all_others_diverge(
    made_by_hand: Runner, steep: Observation
) -> None:
    """50 x 0.5 / 1,000 = 0.025."""
    made = made_by_hand(below(0.03), optimizer="sgd", learning_rate=50.0)
    found = trials_of(made, steep, finding(*RateHigh))
    assert found.judged["rate / 100"].outcome == "diverges"
    assert found.judged["stable rate"].changes == {"learning_rate": 0.025}
    assert found.judged["stable rate"].outcome == "confirmed"
    assert "stable rate / 10" not in found.judged  # not needed
    assert found.smallest_cure(found.judged) == "stable rate"
    assert best_first(finding(*RateHigh), found)[0].remedy == "stable rate"


def test_smaller_rates_are_tried_where_that_rate_diverges_too(
    made_by_hand: Runner, steep: Observation
) -> None:
    made = made_by_hand(below(0.0026), optimizer="sgd", learning_rate=50.0)
    found = trials_of(made, steep, finding(*RateHigh))
    assert found.judged["stable rate"].outcome == "diverges"
    assert found.judged["stable rate / 10"].changes == {"learning_rate": 0.0025}
    assert found.confirmed == ["stable rate / 10"]


def test_remedies_of_last_resort_are_not_tried_where_a_network_learns(
    made_by_hand: Runner, steep: Observation
) -> None:
    made = made_by_hand(below(1.0), optimizer="sgd", learning_rate=50.0)
    assert set(trials_of(made, steep, finding(*RateHigh)).judged) == {"rate / 10", "rate / 100"}


def test_a_remedy_that_changes_nothing_is_not_tried(made_by_hand: Runner, steep: Observation) -> None:
    made = made_by_hand(lambda settings: 0.5, schedule="cosine", early_stop=3)
    found = trials_of(made, steep, finding("decay", "early stopping", "onecycle", "standardize"))
    assert set(found.judged) == {"onecycle"}


def test_two_remedies_with_the_same_change_are_tried_once(made_by_hand: Runner, steep: Observation) -> None:
    made = made_by_hand(lambda settings: 0.5, init="zero", activation="tanh")
    found = trials_of(made, steep, finding("initialization"), finding("initialization", "relu", name="dead"))
    assert list(found.judged) == ["initialization", "relu"]


def test_remedies_of_two_stages_with_the_same_change_are_tried_once(
    made_by_hand: Runner, steep: Observation
) -> None:
    """A ten-thousandth of 1000 is 0.1, the usual rate of SGD."""
    made = made_by_hand(below(0.01), optimizer="sgd", learning_rate=1000.0)
    found = trials_of(made, steep, finding(*RateHigh))
    assert found.judged["usual rate"].changes == {"learning_rate": 0.1}
    assert "rate / 10000" not in found.judged


def test_a_remedy_that_does_not_fit_is_noted(made_by_hand: Runner, steep: Observation) -> None:
    made = made_by_hand(lambda settings: 0.5, average="ema=0.9", hyper_schedule=["ema=linear(end=0.5)"])
    found = trials_of(made, steep, finding("average", "rate / 10"))
    assert list(found.judged) == ["rate / 10"]
    assert any("Not tried: the mean of the weights" in note for note in found.notes)


def test_a_leak_is_left_out_and_the_lower_score_is_not_judged(
    made_by_hand: Runner, record_with: Callable[..., Record], blobs: Dataset
) -> None:
    leak = blobs.features[0]
    run = Observation(record_with(metadata={"leaks": [leak]}))
    made = made_by_hand(lambda settings: 0.6 if settings.drop else 0.1)
    found = trials_of(made, run, finding("drop columns", name="leaking"))
    trial = found.judged["drop columns"]
    assert trial.changes == {"drop": [leak]}
    assert (trial.outcome, trial.confirmed) == ("not_judged", False)
    assert trial.score.difference == pytest.approx(-0.5)
    assert not found.any_judged and found.confirmed == []


def test_columns_that_give_a_class_away_are_left_out_too(
    made_by_hand: Runner, record_with: Callable[..., Record], blobs: Dataset
) -> None:
    first, second = blobs.features[:2]
    run = Observation(record_with(metadata={"leaks": [first], "class_leaks": {second: ["a"]}}))
    made = made_by_hand(lambda settings: 0.6 if settings.drop else 0.1)
    found = trials_of(made, run, finding("drop columns", name="class_leak"))
    assert found.judged["drop columns"].changes == {"drop": [first, second]}


def test_too_few_seeds_for_so_many_remedies_are_noted(made_by_hand: Runner, steep: Observation) -> None:
    """9 remedies and 3 measures need 27 x 2 / 2^n <= 0.05, so 11 seeds."""
    names = (
        "rate / 10",
        "rate / 100",
        "onecycle",
        "batchnorm",
        "layernorm",
        "l2",
        "wider",
        "smaller",
        "momentum",
    )
    made = made_by_hand(lambda settings: 0.5, optimizer="sgd")
    for count, enough in ((10, False), (11, True)):
        original = Outcomes(*(np.full(count, 0.5) for _ in range(3)))
        found = try_remedies(made, [finding(*names)], steep, original, SEEDS[:count])
        assert len(found.judged) == 9
        assert any("too few to confirm" in note for note in found.notes) != enough
