"""The verdict names ties, differences, and evaluations too small to say more."""

from dataclasses import replace

import pytest

from ravine.execution.describe import score_format_of
from ravine.execution.result import MetricFacts
from ravine.studies.compare.verdict import verdict

ACCURACY = MetricFacts(name="accuracy", greater_is_better=True)


def said(rows, pairs=(), metric=ACCURACY):
    return verdict(rows, pairs, score_format_of(metric, rows))


def test_ties_and_differences(rows, pairs):
    assert said(rows, pairs) == (
        "adam and rmsprop are not distinguishable from the best, nesterov (accuracy 98.3 ± 0.2 %): they tie. "
        "sgd is worse by 0.8 ± 0.3 and adadelta by 3.3 ± 0.7 points."
        " adagrad is worse, with runs that diverged."
    )


def test_one_winner_all_tied_one_alone(rows, pairs):
    assert said([rows[0], rows[3]], pairs).startswith(
        "nesterov is best (accuracy 98.3 ± 0.2 %), and distinguishable from all"
    )
    assert said(rows[:3]).endswith("all 3 tie.")
    assert said(rows[:2]).endswith("a tie.") and "worse" not in said(rows[:2])
    assert said(rows[:1]) == "nesterov reaches accuracy 98.3 ± 0.2 %; nothing was compared with it."


def test_without_pairs_no_difference_is_made_up(rows):
    assert "sgd and adadelta are worse." in said(rows) and " by " not in said(rows)


def test_a_best_with_a_diverged_run_has_a_median(rows):
    assert "adagrad reaches accuracy median 90" in said([rows[5]])


@pytest.mark.parametrize(
    ("seeds", "sentence"),
    [
        (1, "With 1 seed no difference can be distinguished from chance."),
        (2, "With 2 seeds no difference can be distinguished from chance."),
        (5, "With 5 seeds only large differences are visible."),
    ],
)
def test_too_few_seeds(rows, seeds, sentence):
    assert said([replace(row, n_seeds=seeds) for row in rows]).endswith(sentence)
    assert "With" not in said(rows)  # 20 seeds


def test_an_error_metric_has_no_points(rows, pairs):
    text = said(rows, pairs, MetricFacts(name="rmse", greater_is_better=False))
    assert "(rmse 0.983 ± 0.002): they tie" in text and "sgd is worse by 0.008 ± 0.003" in text
    assert "in rmse." in text and "%" not in text and "points" not in text
