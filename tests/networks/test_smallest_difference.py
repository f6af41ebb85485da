"""The smallest difference that matters: absolute for shares, relative for errors, or as the user set it."""

import math

import pytest

from ravine.execution.result_parts import MetricFacts
from ravine.networks import LOSSES, METRICS
from ravine.networks.smallest_difference import SmallestDifference

SHARE = SmallestDifference(smallest_difference=0.005)
ERROR = SmallestDifference(smallest_difference=0.01, relative_difference=True)


@pytest.mark.parametrize("item", [*METRICS.values(), *LOSSES.values()], ids=lambda item: item.name)
def test_every_metric_and_loss_has_one(item):
    assert item.smallest_difference > 0
    bounded = getattr(item, "bounds", (0, math.inf))[1] <= 1
    assert item.relative_difference == (not bounded)  # only an error depends on the unit of the data


def test_a_share_has_an_absolute_difference():
    assert SHARE.smallest_difference_at(0.97) == SHARE.smallest_difference_at(0.1, 0.2) == 0.005
    assert SHARE.matters(0.970, 0.975) and SHARE.matters(0.975, 0.970)
    assert not SHARE.matters(0.970, 0.9749)


def test_an_error_has_a_share_of_the_larger_score():
    assert ERROR.smallest_difference_at(200.0, 180.0) == 2.0
    assert ERROR.matters(100.0, 99.0) and not ERROR.matters(100.0, 99.1)
    assert not ERROR.matters(0.0, 0.0) or ERROR.smallest_difference_at(0.0) == 0


def test_a_difference_of_pairs_takes_the_place_of_that_of_the_scores():
    assert not SHARE.matters(0.90, 0.95, difference=0.001)
    assert SHARE.matters(0.95, 0.95, difference=-0.01)


@pytest.mark.parametrize("diverged", [None, math.nan, math.inf])
def test_a_diverged_run_differs_from_every_score(diverged):
    assert ERROR.matters(diverged, 1.0) and ERROR.matters(1.0, diverged)
    assert not ERROR.matters(diverged, None)
    assert ERROR.smallest_difference_at(diverged, 3.0) == 0.03


def test_the_user_sets_it_in_the_unit_of_the_metric():
    rmse = METRICS["rmse"].with_smallest_difference(0.5)
    assert (rmse.name, rmse.smallest_difference_at(200.0)) == ("rmse", 0.5)
    assert METRICS["rmse"].with_smallest_difference(None) is METRICS["rmse"]
    facts = MetricFacts.of(METRICS["rmse"], 0.5)
    assert facts.smallest_difference_at(200.0) == 0.5
    assert MetricFacts.of(METRICS["rmse"]).smallest_difference_at(200.0) == 2.0


def test_with_zero_every_difference_matters():
    assert METRICS["accuracy"].with_smallest_difference(0.0).matters(0.9, 0.9 + 1e-12)


@pytest.mark.parametrize("wrong", [-0.1, math.inf, math.nan])
def test_it_is_not_negative(wrong):
    with pytest.raises(ValueError, match="at least 0"):
        SmallestDifference(smallest_difference=wrong)
