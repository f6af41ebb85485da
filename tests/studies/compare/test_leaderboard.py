"""Rows of the leaderboard: intervals within the bounds of the metric, targets, ends of ranges, failures."""

from __future__ import annotations

import numpy as np
import pytest

from ravine.execution.constant_score import ConstantScores
from ravine.networks import METRICS
from ravine.studies.compare.leaderboard import Evaluated, Tuned, leaderboard_rows, pairs_of, target_score
from ravine.studies.compare.trials import Trials

RANGE = (1e-3, 1e1)


def tuned_at(rates: list[float], scores: list[list[float]], bounds: tuple[float, float] = (0, 1)) -> Tuned:
    trials = Trials(np.array(rates), np.array(["constant"] * len(rates)), {})
    return Tuned(trials, np.array(scores), RANGE, True, bounds)


def evaluated(trial: int, scores: list[float]) -> dict[str, Evaluated]:
    """Return an evaluation whose curves rise to the scores in four steps."""
    values = np.array(scores)
    curves = values[:, None] * np.array([0.25, 0.5, 0.75, 1.0])
    return {"constant": Evaluated(trial, values, curves)}


def test_an_interval_ends_where_its_metric_does() -> None:
    tuned = tuned_at([0.1, 0.2], [[0.5, 0.6], [0.9, 1.0]], METRICS["accuracy"].bounds)
    (row,) = leaderboard_rows({"sgd": tuned}, {"sgd": evaluated(1, [1.0, 1.0, 0.9])}, None, 1, {})
    assert row.interval is not None and row.interval[1] == 1
    assert row.tuning_interval is not None and row.tuning_interval[1] == 1


@pytest.mark.parametrize("name", METRICS)
def test_bounds_hold_the_score_of_random_outputs(name: str) -> None:
    random = np.random.default_rng(0)
    low, high = METRICS[name].bounds
    for _ in range(20):
        z = random.normal(size=(30, 1 if METRICS[name].task == "regress" else 2)).astype(np.float32)
        y = random.normal(size=30) if METRICS[name].task == "regress" else np.arange(30) % 2
        y = y.astype(np.float32 if METRICS[name].task == "regress" else np.int32)
        assert low <= float(METRICS[name](z, y, None, np.float32(1))) <= high


def test_a_rule_all_of_whose_runs_diverged_shows_at_which_rates() -> None:
    tuned = tuned_at([0.1, 1.0], [[np.nan] * 3] * 2)
    (row,) = leaderboard_rows({"sgd": tuned}, {"sgd": {}}, None, 1, {})
    assert (row.diverged, row.n_seeds, row.mean, row.learning_rate) == (6, 0, None, None)
    assert row.sensitivity.learning_rate == [0.1, 1.0]
    assert row.sensitivity.diverged == [1.0, 1.0]
    assert row.sensitivity.score == [None, None]
    assert row.sensitivity_width is None


def test_a_failed_rule_stands_in_a_tier_of_its_own_at_the_end() -> None:
    good = tuned_at([0.1, 0.2], [[0.5, 0.6], [0.9, 1.0]])
    lost = tuned_at([0.1, 0.2], [[np.nan] * 2] * 2)
    rows = leaderboard_rows(
        {"lost": lost, "good": good}, {"good": evaluated(1, [0.9, 0.8, 0.9])}, None, 1, {}
    )
    assert [(row.optimizer, row.tier) for row in rows] == [("good", 1), ("lost", 2)]
    assert pairs_of(rows, True) == []


def test_the_target_is_the_median_best_score_of_the_reference() -> None:
    tuned = {name: tuned_at([0.1, 0.2], [[0.5, 0.6], [0.9, 1.0]]) for name in ("sgd", "fast", "slow")}
    runs = {
        "sgd": evaluated(1, [0.4, 0.4, 0.4]),  # the target is 0.4
        "fast": evaluated(1, [0.8, 0.8, 0.2]),  # 0.4 after two of four evaluations, on two of three seeds
        "slow": evaluated(1, [0.3, 0.3, 0.3]),
    }
    target = target_score(tuned["sgd"], runs["sgd"])
    assert target == 0.4
    rows = {row.optimizer: row for row in leaderboard_rows(tuned, runs, target, 10, {"fast": 0.5})}
    assert (rows["sgd"].reached_target, rows["sgd"].steps_to_target) == (1.0, 40.0)
    assert rows["fast"].reached_target == pytest.approx(2 / 3)
    assert (rows["fast"].steps_to_target, rows["fast"].seconds_to_target) == (20.0, 10.0)
    assert (rows["slow"].reached_target, rows["slow"].steps_to_target) == (0.0, None)
    assert rows["sgd"].seconds_to_target is None  # no step of it was timed


@pytest.mark.parametrize(
    ("rates", "best", "edge"),
    [
        ([0.02, 0.1, 0.5], 0, "low"),  # the first of the rates tried
        ([0.02, 0.1, 0.5], 1, None),
        ([0.02, 0.1, 0.5], 2, "high"),
        ([0.1, 9.9, 10.0], 1, "high"),  # next to the end of the range
        ([0.1], 0, None),  # a single rate has no ends
    ],
)
def test_the_end_at_which_the_best_rate_lies(rates: list[float], best: int, edge: str | None) -> None:
    scores = [[0.9 if place == best else 0.1] * 2 for place in range(len(rates))]
    assert tuned_at(rates, scores).range_end() == edge


def test_pairs_are_median_differences_of_the_seeds() -> None:
    tuned = {name: tuned_at([0.1, 0.2], [[0.5, 0.6], [0.9, 1.0]]) for name in ("a", "b")}
    runs = {"a": evaluated(1, [0.9, 0.8, 0.7, 0.9]), "b": evaluated(1, [0.5, 0.5, 0.4, np.nan])}
    rows = leaderboard_rows(tuned, runs, None, 1, {})
    (pair,) = pairs_of(rows, True)
    # b diverged once; of the 10 averages of 0.4, 0.3, 0.3 and inf, the fifth and sixth are 0.35 and 0.4
    assert (pair.a, pair.b, pair.interval) == ("a", "b", None)
    assert pair.difference == pytest.approx(0.375)
    assert pair.p_better == 1.0
    whole = leaderboard_rows(tuned, runs | {"b": evaluated(1, [0.5, 0.5, 0.4, 0.4])}, None, 1, {})
    assert pairs_of(whole, True)[0].difference == pytest.approx(0.375)  # of 0.4, 0.3, 0.3 and 0.5


def test_the_target_of_an_even_number_of_seeds_is_reached_by_more_than_half() -> None:
    tuned = tuned_at([0.1, 0.2], [[0.5, 0.6], [0.9, 1.0]])
    runs = evaluated(1, [0.2, 0.4, 0.6, 0.8])
    target = target_score(tuned, runs)
    assert target == 0.4
    (row,) = leaderboard_rows({"sgd": tuned}, {"sgd": runs}, target, 10, {})
    assert row.reached_target == 0.75 and row.steps_to_target is not None
    less = Tuned(tuned.trials, -tuned.scores, RANGE, False, (-1, 0))
    turned = {"constant": Evaluated(1, -runs["constant"].scores, -runs["constant"].curves)}
    assert target_score(less, turned) == -0.4
    assert target_score(tuned, None) is None
    assert target_score(tuned, evaluated(1, [np.nan, np.nan, 0.6, 0.8])) is None


def test_rows_are_in_order_of_the_median_that_they_show() -> None:
    random = np.random.default_rng(0)
    noisy = 0.75 + 0.6 * np.linspace(-1.5, 1.5, 20)  # very different scores with a low median
    scores = {
        "best": 0.9 + 0.001 * random.random(20),
        "second": 0.8 + 0.001 * random.random(20),
        "noisy": noisy,
    }
    tuned = {name: tuned_at([0.1, 0.2], [[0.5, 0.6], [0.9, 1.0]]) for name in scores}
    runs = {name: evaluated(1, list(values)) for name, values in scores.items()}
    rows = leaderboard_rows(tuned, runs, None, 1, {})
    assert [row.optimizer for row in rows] == ["best", "second", "noisy"]
    tier_of = {row.optimizer: row.tier for row in rows}
    assert tier_of["best"] == tier_of["noisy"] == 1 and tier_of["second"] == 2


def test_failed_seeds_are_counted_against_a_constant_prediction() -> None:
    tuned = tuned_at([0.1, 0.2], [[0.5, 0.6], [0.9, 1.0]])
    scores = [0.78, 0.79, 0.80, 0.78, 0.52, np.nan]
    constants = ConstantScores(np.full(6, 0.5), np.full(6, 0.69))
    (row,) = leaderboard_rows({"a": tuned}, {"a": evaluated(1, scores)}, None, 1, {}, constants)
    assert (row.failed, row.diverged, row.constant) == (2, 1, 0.5)
    assert row.median == 0.78 and row.median_interval is not None and row.median_interval[0] is None
