"""Failed seeds: diverged, no better than a constant prediction, or outliers that lost half of the lead."""

import math

import numpy as np
import pytest

from ravine.errors import UsageError
from ravine.statistics import failed_seeds

GOOD = [0.78, 0.79, 0.80, 0.77, 0.78, 0.79, 0.80, 0.78, 0.77]
HALF = np.full(10, 0.5)  # the accuracy of a constant prediction


@pytest.mark.parametrize(
    ("score", "fails"),
    [(0.52, True), (0.5, True), (0.4, True), (math.nan, True), (0.63, True), (0.65, False), (0.75, False)],
)
def test_a_seed_fails_below_half_of_the_median_lead(score, fails):
    assert failed_seeds([*GOOD, score], HALF, True).tolist() == [False] * 9 + [fails]


def test_of_an_error_less_is_better():
    scores = [1.0, 1.1, 0.9, 1.0, 1.1, 5.2, 9.0, math.inf, 1.2]
    expected = [False] * 5 + [True] * 3 + [False]
    assert failed_seeds(scores, np.full(9, 9.0), False).tolist() == expected


def test_each_seed_has_its_own_constant():
    assert failed_seeds([0.8, 0.8, 0.8, 0.8], [0.5, 0.5, 0.5, 0.8], True).tolist() == [False] * 3 + [True]


def test_scores_that_are_only_spread_do_not_fail():
    scores = np.linspace(0.55, 0.95, 10)  # 0.55 is below half of the lead of 0.75, and no outlier
    assert not failed_seeds(scores, HALF, True).any()


def test_nothing_learned_fails_everywhere_also_within_rounding():
    assert failed_seeds(np.float32(0.9) * np.ones(5), np.full(5, 0.9), True).all()


def test_a_better_loss_than_a_constant_is_no_failure():
    scores, constants = [0.91, 0.90, 0.89, 0.89], np.full(4, 0.89)  # a class of 89 %
    losses, loss = [0.2, 0.2, 0.2, 0.35], np.full(4, 0.35)
    found = failed_seeds(scores, constants, True, losses, loss)
    assert found.tolist() == [False, False, False, True]
    assert failed_seeds(scores, constants, True).tolist() == [False, False, True, True]
    assert not failed_seeds([0.95] * 4, constants, True, [0.9] * 4, loss).any()  # overfitted, yet better


def test_most_seeds_diverged():
    assert failed_seeds([math.nan] * 3 + [0.9], np.full(4, 0.5), True).tolist() == [True] * 3 + [False]


def test_without_constants_only_diverged_runs_fail():
    assert failed_seeds([0.1, math.nan, 0.9], None, True).tolist() == [False, True, False]


def test_seeds_must_match():
    with pytest.raises(UsageError, match="3 scores and 2 scores of a constant"):
        failed_seeds([1, 2, 3], [1, 2], True)
