"""The recommended optimizer: never one that fails if a tied one does not, and always with a reason."""

from dataclasses import replace
from itertools import combinations

import pytest

from ravine.execution.result_parts import MetricFacts
from ravine.networks import METRICS
from ravine.studies.compare.recommendation import recommend, recommended_row
from ravine.studies.compare.result import Pair
from ravine.studies.compare.verdict import recommendation_text

ACCURACY = MetricFacts.of(METRICS["accuracy"])


@pytest.fixture
def tied(row_of):
    """Three rows of one tier with medians that differ by too little to matter."""
    same = {"sensitivity_width": 2.0, "steps_to_target": 400.0, "values": [0.97, 0.98, 0.98, 0.99] * 5}
    return [
        row_of("adam", 1, 0.983, 0.002, **same),
        row_of("sgd", 1, 0.982, 0.002, **same),
        row_of("rmsprop", 1, 0.981, 0.002, **same),
        row_of("adadelta", 2, 0.9, 0.002, **{**same, "sensitivity_width": 4.0}),
    ]


def differences(rows):
    """Return all pairs of rows; the differences are those of the medians."""
    return [
        Pair(
            a=row.optimizer, b=other.optimizer, difference=row.median - other.median, interval=None,
            p_better=0.5, p_value=1.0, p_holm=1.0,
        )
        for row, other in combinations(rows, 2)
    ]  # fmt: skip


def chosen(rows):
    found = recommend(rows, differences(rows), ACCURACY)
    return found.optimizer, found.reason


def test_the_only_best_one(tied):
    assert chosen([tied[0], tied[3]]) == ("adam", "best")
    assert chosen(tied[:1]) == ("adam", "best")


def test_without_a_criterion_the_best_median(tied):
    assert chosen(tied) == ("adam", "best_median")
    assert recommend(tied, differences(tied), ACCURACY).tied == ["sgd", "rmsprop"]


def test_one_that_fails_on_a_seed_gives_way_to_a_tied_one(tied):
    rows = [replace(tied[0], failed=1), tied[1], replace(tied[2], failed=2)]
    assert chosen(rows) == ("sgd", "fewest_failures")
    found = recommend(rows, differences(rows), ACCURACY)
    assert (found.failing, found.tied) == (["adam", "rmsprop"], [])
    assert "Of the optimizers of tier 1, it failed on the fewest seeds." in recommendation_text(found, rows)
    worse = [replace(tied[0], failed=1), replace(tied[1], median=0.9)]
    assert chosen(worse) == ("sgd", "fewest_failures")  # tied, although its median is worse


def test_the_widest_range_of_good_rates(tied):
    tied[2] = replace(tied[2], sensitivity_width=2.4)
    assert chosen(tied) == ("rmsprop", "widest_rates")
    tied[2] = replace(tied[2], sensitivity_width=2.2)  # less than twice as wide
    assert chosen(tied) == ("adam", "best_median")


def test_fewest_steps(tied):
    tied[1] = replace(tied[1], steps_to_target=320.0)
    assert chosen(tied) == ("sgd", "fewest_steps")
    tied[1] = replace(tied[1], steps_to_target=330.0)
    assert chosen(tied) == ("adam", "best_median")


def test_an_optimizer_that_alone_reaches_the_target_does_not_win_by_its_steps(tied):
    """The target is the score of the best one, so that the best one always reaches it."""
    for place in (0, 2):
        tied[place] = replace(tied[place], steps_to_target=None)
    assert chosen(tied) == ("adam", "best_median")


def test_least_spread(tied):
    tied[2] = replace(tied[2], values=[0.981, 0.982, 0.982, 0.983] * 5)
    assert chosen(tied) == ("rmsprop", "least_spread")


def test_a_tied_one_that_is_worse_by_what_matters_is_not_recommended(tied):
    tied[2] = replace(tied[2], median=0.95, sensitivity_width=4.0)  # few or noisy seeds
    assert chosen(tied) == ("adam", "best_median")
    equal = [replace(pair, difference=0.001) for pair in differences(tied)]  # the paired difference decides
    assert recommend(tied, equal, ACCURACY).optimizer == "rmsprop"
    turned = [replace(pair, a=pair.b, b=pair.a, difference=-0.033) for pair in equal]
    assert recommend(tied, turned, ACCURACY).optimizer == "adam"
    assert recommend(tied, [], ACCURACY).optimizer == "adam"  # not measured


def test_the_text_names_setting_and_reason(tied):
    tied[2] = replace(tied[2], sensitivity_width=2.8)
    found = recommend([replace(tied[0], failed=1), *tied[1:]], differences(tied), ACCURACY)
    assert found.tied == []  # the best median failed on a seed, so that no other optimizer ties with it
    assert recommended_row(tied, found) is tied[2]
    assert recommendation_text(found, tied) == (
        "Recommended: rmsprop at learning rate 0.00312, schedule decay. Of the optimizers of tier 1 with the "
        "fewest failed seeds, it has the widest range of good learning rates (630-fold). adam failed on more "
        "seeds."
    )
    assert "Of the tied optimizers, it has the widest" in recommendation_text(
        recommend(tied, differences(tied), ACCURACY), tied
    )
    assert recommendation_text(recommend(tied[:1], [], ACCURACY), tied) == (
        "Recommended: adam at learning rate 0.00312, schedule decay."
    )
