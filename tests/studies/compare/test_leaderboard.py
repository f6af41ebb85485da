"""Rows of the leaderboard: what no score can be is in no interval, and a rule that failed is told whole."""

from __future__ import annotations

import numpy as np
import pytest

from ravine.networks import METRICS
from ravine.statistics import interval
from ravine.studies.compare.design import Trials
from ravine.studies.compare.leaderboard import Tuned, rows, summary

NEAR_ONE = np.array([1.0, 1.0, 0.9])


def test_an_interval_ends_where_its_metric_does() -> None:
    low, high = interval(NEAR_ONE)
    assert high > 1
    assert summary(NEAR_ONE, True)["interval"] == [low, high]
    assert summary(NEAR_ONE, True, bounds=METRICS["accuracy"].bounds)["interval"] == [low, 1]
    low, high = interval(1 - NEAR_ONE)
    assert low < 0
    assert summary(1 - NEAR_ONE, False, bounds=METRICS["rmse"].bounds)["interval"] == [0, high]


def test_scores_beyond_the_bounds_are_left_as_they_are() -> None:
    """Negative weights that were kept make an accuracy of 251 % possible."""
    beyond = np.array([2.5, 0.2, -1.0])
    assert summary(beyond, True, bounds=(0, 1))["interval"] == list(interval(beyond))


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
    trials = Trials(np.array([0.1, 1.0]), np.array(["constant", "constant"]), {})
    tuned = Tuned(trials, np.full((2, 3), np.nan), (0.01, 10.0), True)
    (row,) = rows({"sgd": tuned}, {"sgd": {}}, "sgd", 1, {})
    assert (row["diverged"], row["n_seeds"], row["mean"]) == (6, 0, None)
    assert row["sensitivity"]["learning_rate"] == [0.1, 1.0]
    assert row["sensitivity"]["diverged"] == [1.0, 1.0]
    assert row["sensitivity"]["score"] == [None, None]
    assert row["sensitivity_width"] is None
