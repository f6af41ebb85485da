"""Recommendations from trials made by hand: nothing is trained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ravine.data import Dataset
from ravine.execution.constant_score import constant_scores
from ravine.records.record import Record
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.recommendation import recommend
from ravine.studies.diagnose.result import Recommendation
from ravine.studies.diagnose.result_rows import finding_row
from ravine.studies.diagnose.trials import best_first, try_remedies
from ravine.studies.diagnose.verdicts import Finding

SEEDS = list(range(3_000, 3_020))
FRESH = list(range(4_000, 4_020))

Runner = Callable[..., Any]


@pytest.fixture
def run(record_with: Callable[..., Record]) -> Observation:
    return Observation(record_with())


def advised(
    made: Any, run: Observation, *findings: tuple[str, ...], seeds: list[int] = SEEDS
) -> Recommendation:
    """Return the recommendation for faults with these remedies."""
    faults = [
        Finding(f"fault {index}", True, "A fault.", (), None, 2, remedies)
        for index, remedies in enumerate(findings)
    ]
    trials = try_remedies(made, faults, run, made.outcomes(made.original.settings, seeds), seeds)
    rows = [finding_row(fault, best_first(fault, trials), False) for fault in faults]
    return recommend(made, rows, trials, seeds, FRESH)


def test_the_smallest_cure_is_recommended(made_by_hand: Runner, run: Observation) -> None:
    """The larger change is a little better, by less than the smallest difference."""
    losses = {("zero", "relu"): 0.69, ("he", "relu"): 0.300, ("he", "leaky_relu"): 0.299}
    made = made_by_hand(lambda settings: losses[settings.init, settings.activation], init="zero")
    advice = advised(made, run, ("leaky_relu", "initialization"))
    assert advice.remedies == ["initialization"]
    assert advice.changes == {"init": "he"}
    assert not advice.unchanged and advice.score is not None and advice.test is not None
    assert advice.score.difference == pytest.approx(0.39)
    assert advice.constant is not None and advice.constant.beaten


def test_remedies_of_two_faults_are_combined_where_both_help(made_by_hand: Runner, run: Observation) -> None:
    def loss(settings: Any) -> float:
        return 0.6 - 0.2 * (settings.init == "he") - 0.2 * (settings.schedule == "onecycle")

    advice = advised(made_by_hand(loss, init="zero"), run, ("initialization",), ("onecycle",))
    assert advice.remedies == ["initialization", "onecycle"]
    assert advice.changes == {"init": "he", "schedule": "onecycle"}


def test_a_cure_that_fresh_seeds_do_not_confirm_is_not_recommended(
    made_by_hand: Runner, run: Observation
) -> None:
    made = made_by_hand(lambda settings: 0.3 if settings.init == "he" else 0.6, init="zero")
    made.fresh = lambda settings: 0.6
    advice = advised(made, run, ("initialization",))
    assert advice.unchanged and advice.not_better == "initialization" and advice.changes == {}


def test_a_cure_that_is_worse_on_the_test_rows_is_not_recommended(
    made_by_hand: Runner, run: Observation
) -> None:
    made = made_by_hand(lambda settings: 0.3 if settings.init == "he" else 0.6, init="zero")
    made.test = lambda settings: 0.3 if settings.init == "he" else 0.6
    advice = advised(made, run, ("initialization",))
    assert advice.unchanged and advice.not_better == "initialization"


def test_a_cure_near_chance_is_not_called_a_cure(
    made_by_hand: Runner, run: Observation, blobs: Dataset
) -> None:
    """The score rises to that of the constant prediction, so nothing is learned."""
    made = made_by_hand(lambda settings: 0.5 if settings.init == "he" else 0.9, init="zero")
    chance = constant_scores(made.original.plan, made.original.batches, FRESH, test=True).scores
    made.test = lambda settings: chance.mean() if settings.init == "he" else 0.1
    advice = advised(made, run, ("initialization",))
    assert not advice.unchanged and advice.constant is not None
    assert not advice.constant.beaten
    assert advice.constant.constant == pytest.approx(np.median(chance))


def test_a_training_that_diverges_is_not_kept(made_by_hand: Runner, run: Observation) -> None:
    advice = advised(made_by_hand(lambda settings: np.nan), run, ("rate / 10", "rate / 100"))
    assert advice.unchanged and advice.diverged == 20
    assert advice.constant is not None and not advice.constant.beaten and advice.constant.score is None


@pytest.mark.parametrize("on_fresh_seeds", [False, True])
def test_one_seed_that_diverges_is_counted(
    made_by_hand: Runner, run: Observation, on_fresh_seeds: bool
) -> None:
    """The original diverges on the third of its first seeds, or of its fresh seeds; no remedy helps there."""

    def loss(settings: Any) -> Any:
        return 0.3 if settings.init == "he" else 0.6 + np.where(np.arange(20) == 2, np.nan, 0.0)

    made = made_by_hand(loss if not on_fresh_seeds else lambda settings: 0.3 * (2 - (settings.init == "he")),
                        init="zero")  # fmt: skip
    made.fresh = (
        (lambda settings: 0.6) if not on_fresh_seeds else lambda settings: loss(made.original.settings)
    )
    advice = advised(made, run, ("initialization",))
    assert advice.unchanged and advice.not_better == "initialization"
    assert advice.diverged == 1
    cured = made_by_hand(loss, init="zero")
    assert advised(cured, run, ("initialization",)).diverged == 0  # the settings change


def test_three_seeds_confirm_nothing_and_name_the_most_promising(
    made_by_hand: Runner, run: Observation
) -> None:
    made = made_by_hand(lambda settings: 0.3 if settings.init == "he" else 0.6, init="zero")
    advice = advised(made, run, ("initialization", "onecycle"), seeds=SEEDS[:3])
    assert advice.unchanged and advice.few_seeds and advice.promising == "initialization"
    assert advice.not_better is None


def test_a_gain_that_then_overfits_is_combined_with_early_stopping(
    made_by_hand: Runner, run: Observation
) -> None:
    """Early stopping ends at the lowest loss."""

    def loss(settings: Any) -> float:
        return 0.3 if settings.init == "he" and settings.early_stop else 0.9 if settings.init == "he" else 0.6

    made = made_by_hand(loss, init="zero", score=lambda settings: 0.7)
    made.lowest = lambda settings: 0.3 if settings.init == "he" else 0.6
    advice = advised(made, run, ("initialization",))
    assert advice.remedies == ["initialization", "early stopping"]
    assert advice.changes == {"init": "he", "early_stop": 3}
