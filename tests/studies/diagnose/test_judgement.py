"""Judgements of remedies on scores and losses made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ravine.execution.result_parts import MetricFacts
from ravine.networks import METRICS
from ravine.records.record import Record, Status
from ravine.studies.diagnose.judgement import (
    Outcomes,
    Yardstick,
    can_confirm,
    choose,
    judge,
    most_confirmable,
)

SEEDS = 20
SPREAD = np.linspace(-0.02, 0.02, SEEDS)  # over seeds, the same with every remedy
LOSS, LOWEST, SCORE = 0.5 + SPREAD, 0.45 + SPREAD, 0.7 + SPREAD
ORIGINAL = Outcomes(LOSS, LOWEST, SCORE)


@pytest.fixture
def yardstick() -> Yardstick:
    """Accuracies that differ by half a point matter, and losses that differ by 1 %, but at least 0.005."""
    return Yardstick(MetricFacts.of(METRICS["accuracy"], 0.005), "cross_entropy", constant_loss=1.0)


@pytest.mark.parametrize(
    ("loss", "lowest", "score", "outcome"),
    [
        (-0.10, -0.10, 0.020, "confirmed"),
        (0.03, -0.05, 0.018, "confirmed"),  # more score; the loss at the end is worse: it then overfits
        (-0.10, -0.10, 0.000, "confirmed"),
        (0.00, -0.10, 0.000, "confirmed"),
        (-0.10, -0.10, -0.020, "worse"),  # the score decides
        (0.03, -0.05, 0.000, "overfits"),
        (0.03, 0.00, 0.000, "worse"),
        (-0.08, 0.03, 0.000, "learns_less"),  # less overfitting, because less is learned
        (-0.08, 0.03, -0.010, "worse"),
        (-0.08, 0.003, 0.000, "confirmed"),  # the lowest loss is worse by less than 1 %
        (-0.08, 0.03, 0.020, "confirmed"),  # the score decides
        (-0.001, -0.001, 0.001, "too_small"),  # significant: better on 20 of 20 seeds
        (0.00, 0.00, 0.000, "no_difference"),
    ],
)
def test_score_and_both_losses_decide(
    yardstick: Yardstick, loss: float, lowest: float, score: float, outcome: str
) -> None:
    after = Outcomes(LOSS + loss, LOWEST + lowest, SCORE + score)
    found = judge(ORIGINAL, {"remedy": after}, yardstick)["remedy"]
    assert found.outcome == outcome
    assert found.score.difference == pytest.approx(score)
    assert found.confirmed == (outcome == "confirmed")


def test_a_difference_without_a_sign_is_no_difference(yardstick: Yardstick) -> None:
    changes = np.where(np.arange(SEEDS) % 2, 0.1, -0.1)
    found = judge(ORIGINAL, {"remedy": Outcomes(LOSS + changes, LOWEST, SCORE + changes)}, yardstick)[
        "remedy"
    ]
    assert found.outcome == "no_difference"
    assert (found.score.better, found.score.equal, found.score.seeds) == (10, 0, 20)


def test_p_values_are_adjusted_over_all_remedies_and_measures(yardstick: Yardstick) -> None:
    after = {name: Outcomes(LOSS - 0.1, LOWEST - 0.1, SCORE + 0.1) for name in ("a", "b")}
    for found in judge(ORIGINAL, after, yardstick).values():
        for pair in (found.loss, found.lowest_loss, found.score):
            assert pair.p_value == pytest.approx(2.0**-19)  # all 20 signs agree
            assert pair.p_holm == pytest.approx(6 * 2.0**-19)  # 2 remedies, 3 measures


def test_seven_seeds_can_confirm_one_remedy_and_six_cannot(yardstick: Yardstick) -> None:
    """All 7 signs agree with p = 2 / 128; three measures give 6 / 128 = 0.047. With 6 seeds it is 0.094."""
    assert [most_confirmable(seeds) for seeds in (0, 2, 6, 7, 8, 10)] == [0, 0, 0, 1, 2, 8]
    assert can_confirm(1_000, 1_000)  # the most seeds that the option allows
    assert can_confirm(7, 1) and not can_confirm(6, 1)
    assert can_confirm(20, 8) and not can_confirm(10, 9)  # 8 x 3 / 2^19; 9 x 3 / 2^9 = 0.053
    for seeds, outcome in ((7, "confirmed"), (6, "too_few_seeds"), (3, "too_few_seeds")):
        before = Outcomes(LOSS[:seeds], LOWEST[:seeds], SCORE[:seeds])
        after = Outcomes(LOSS[:seeds] - 0.1, LOWEST[:seeds] - 0.1, SCORE[:seeds] + 0.1)
        assert judge(before, {"remedy": after}, yardstick)["remedy"].outcome == outcome


@pytest.mark.parametrize(("change", "outcome"), [(1e-5, "too_small"), (0.3, "worse")])
def test_worse_by_too_little_is_not_called_worse(yardstick: Yardstick, change: float, outcome: str) -> None:
    after = Outcomes(LOSS + change, LOWEST, SCORE)
    assert judge(ORIGINAL, {"remedy": after}, yardstick)["remedy"].outcome == outcome


def test_one_huge_loss_does_not_decide_the_difference(yardstick: Yardstick) -> None:
    before = np.append(np.full(19, 0.69), 1e12)
    after = Outcomes(np.full(20, 0.62), np.full(20, 0.62), SCORE)
    found = judge(Outcomes(before, before, SCORE), {"remedy": after}, yardstick)["remedy"]
    assert found.loss.difference == pytest.approx(-0.07)
    assert (found.loss.before, found.loss.after) == (0.69, 0.62)
    assert found.outcome == "confirmed"


def test_the_ends_are_medians_and_the_difference_is_paired(yardstick: Yardstick) -> None:
    """Ten of twenty seeds recover: of 210 averages of two differences, 55 are 0, 100 are 0.25, 55 are 0.5.

    With nine seeds, the medians are equal; 66 averages are 0, 99 are 0.25 and 45 are 0.5.
    """
    score = np.where(np.arange(SEEDS) < 10, 0.4, 0.9)
    after = Outcomes(LOSS, LOWEST, np.full(SEEDS, 0.9))
    found = judge(Outcomes(LOSS, LOWEST, score), {"remedy": after}, yardstick)["remedy"]
    assert (found.score.before, found.score.after) == (pytest.approx(0.65), pytest.approx(0.9))
    assert found.score.difference == pytest.approx(0.25)
    assert found.outcome == "confirmed"
    nine = yardstick.compare("score", np.where(np.arange(SEEDS) < 9, 0.4, 0.9), np.full(SEEDS, 0.9))
    assert (nine.before, nine.after) == (0.9, 0.9) and nine.difference == pytest.approx(0.25)


def test_a_hundredth_of_the_learning_rate_that_learns_less_is_no_remedy(yardstick: Yardstick) -> None:
    """Seven of twenty seeds have a better score; the lowest loss is worse, and the last one is better."""
    score = SCORE + np.where(np.arange(SEEDS) % 3 == 0, 0.012, -0.010)
    after = Outcomes(np.full(SEEDS, 0.462), np.full(SEEDS, 0.462), score)
    before = Outcomes(0.52 + SPREAD, 0.435 + SPREAD, SCORE)
    found = judge(before, {"remedy": after}, yardstick)["remedy"]
    assert found.score.better == 7 and not found.score.worse
    assert found.lowest_loss.worse and found.loss.confirmed
    assert found.outcome == "learns_less" and not found.confirmed


def test_a_training_that_diverges_loses_and_one_that_no_longer_does_wins(yardstick: Yardstick) -> None:
    gone = np.full(SEEDS, np.nan)
    half = np.where(np.arange(SEEDS) < 10, np.nan, 0.1)
    few = np.where(np.arange(SEEDS) < 9, np.nan, 0.1)
    diverged = Outcomes(gone, gone, gone)
    cured = judge(diverged, {"remedy": ORIGINAL}, yardstick)["remedy"]
    assert cured.outcome == "confirmed"
    assert cured.loss.before is None and cured.loss.difference is None
    assert cured.loss.after == pytest.approx(0.5)
    assert (cured.loss.diverged_before, cured.loss.diverged_after) == (20, 0)
    assert judge(ORIGINAL, {"remedy": diverged}, yardstick)["remedy"].outcome == "diverges"
    assert judge(ORIGINAL, {"remedy": Outcomes(half, half, half)}, yardstick)["remedy"].outcome == "diverges"
    assert judge(ORIGINAL, {"remedy": Outcomes(few, few, few)}, yardstick)["remedy"].outcome != "diverges"
    assert judge(diverged, {"remedy": diverged}, yardstick)["remedy"].outcome == "diverges"


def test_the_smallest_change_among_the_best_is_chosen(yardstick: Yardstick) -> None:
    scores = {"small": 0.520, "large": 0.521, "smallest": 0.510}
    sizes = {"small": 2, "large": 9, "smallest": 1}
    candidates = {name: Outcomes(LOSS, LOWEST, score + SPREAD) for name, score in scores.items()}
    assert choose(candidates, sizes, yardstick, by_score=True) == "small"
    assert choose(candidates, {**sizes, "large": 2}, yardstick, by_score=True) == "large"


def test_the_loss_decides_where_no_score_is_better(yardstick: Yardstick) -> None:
    candidates = {name: Outcomes(loss + SPREAD, LOWEST, SCORE) for name, loss in
                  {"a": 0.30, "b": 0.297, "c": 0.32}.items()}  # fmt: skip
    assert choose(candidates, {"a": 1, "b": 5, "c": 0}, yardstick, by_score=False) == "a"


def test_a_candidate_that_diverges_on_a_seed_is_not_chosen_while_another_never_does(
    yardstick: Yardstick,
) -> None:
    once = np.where(np.arange(SEEDS) == 3, np.nan, 0.9)
    candidates = {"risky": Outcomes(once, once, once), "safe": ORIGINAL}
    assert choose(candidates, {"risky": 1, "safe": 9}, yardstick, by_score=True) == "safe"


def test_outcomes_of_a_record() -> None:
    """The lowest loss is that of the curve; a run that diverged has none, whatever it reached before."""
    curves = np.array([[0.9, 0.4, 0.6], [0.8, 0.3, np.nan]])
    record = Record(
        {"seed": np.arange(2)}, {"valid_loss": curves}, np.array([Status.FINISHED, Status.DIVERGED], np.int8),
        {"valid_loss": np.array([0.6, np.nan]), "score": np.array([0.7, np.nan])}, {},
    )  # fmt: skip
    found = Outcomes.of(record)
    np.testing.assert_array_equal(found.loss, [0.6, np.nan])
    np.testing.assert_array_equal(found.lowest_loss, [0.4, np.nan])
    assert found.fails and not found.learns(1.0)
    assert Outcomes(LOSS, LOWEST, SCORE).learns(1.0) and not Outcomes(LOSS, LOWEST, SCORE).learns(0.5)


def test_an_error_is_compared_with_its_size() -> None:
    """Of an error of 200, 1 % is 2; a user may set 0.5 in its unit."""
    scores = np.full(SEEDS, 200.0) + 100 * SPREAD
    before = Outcomes(LOSS, LOWEST, scores)
    for user, change, outcome in (
        (None, -1.0, "too_small"),
        (None, -3.0, "confirmed"),
        (0.5, -1.0, "confirmed"),
    ):
        yardstick = Yardstick(MetricFacts.of(METRICS["rmse"], user), "squared_error", constant_loss=1.0)
        after = Outcomes(LOSS, LOWEST, scores + change)
        assert judge(before, {"remedy": after}, yardstick)["remedy"].outcome == outcome


def test_tiny_losses_differ_by_a_share_of_the_loss_of_a_constant(yardstick: Yardstick) -> None:
    """A loss of 0.010 is 10 % above 0.009, and both are tiny against the loss of a constant, 1."""
    before = Outcomes(np.full(SEEDS, 0.010), np.full(SEEDS, 0.010), SCORE)
    after = Outcomes(np.full(SEEDS, 0.009), np.full(SEEDS, 0.009), SCORE)
    assert judge(before, {"remedy": after}, yardstick)["remedy"].outcome == "too_small"


def test_curves_on_a_sample_are_shifted_to_the_loss_on_all_rows() -> None:
    """A sample whose losses are 0.05 too low, or too high, changes no lowest loss."""
    curve = np.array([[0.7, 0.6, 0.5, 0.55], [0.7, 0.6, 0.5, 0.55]])
    shift = np.array([[-0.05], [0.03]])
    final = {
        "valid_loss": np.array([0.55, 0.55]), "score": np.array([0.8, 0.8]),
        "evaluation": np.array([3, 3], np.int32), "curve_error": np.array([0.01, -0.01]),
    }  # fmt: skip
    record = Record({}, {"valid_loss": curve + shift}, np.full(2, Status.FINISHED), final)
    np.testing.assert_allclose(Outcomes.of(record).lowest_loss, [0.5, 0.5])
