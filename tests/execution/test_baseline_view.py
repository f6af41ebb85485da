"""The table of baselines and the sentence on network and baselines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ravine.execution.baseline_rows import BaselineDifference, BaselineRow
from ravine.execution.baseline_view import baseline_blocks, baseline_sentence, best_baseline
from ravine.execution.result_parts import MetricFacts, ScoreSummary
from ravine.render.numbers import ScoreFormat
from ravine.render.text import text

PERCENT = ScoreFormat("accuracy", True, 100.0, 1)
RMSE = ScoreFormat("rmse", False, 1.0, 2)
ACCURACY = MetricFacts(name="accuracy", greater_is_better=True, smallest_difference=0.005)


def summary(mean, half=0.01, seeds=10):
    interval = [mean - half, mean + half] if seeds >= 3 else None
    return {
        "mean": mean, "median": mean, "sd": 0.01, "interval": interval, "median_interval": interval,
        "n_seeds": seeds, "diverged": 0,
        "values": [mean] * seeds,
    }  # fmt: skip


def row(model, mean, difference, p_value=0.001, seeds=10, half=0.004, note=""):
    against = BaselineDifference(
        network="adam", difference=difference,
        interval=None if difference is None or seeds < 3 else [difference - half, difference + half],
        p_better=0.5, p_value=p_value, n_seeds=seeds,
    )  # fmt: skip
    return BaselineRow(
        model=model, seeds=list(range(seeds)), looks=6, tuning_seeds=[0], hyperparameters={}, rows=100,
        note=note, test=ScoreSummary(**summary(mean - 0.02, seeds=seeds)), against_network=against,
        **summary(mean, seeds=seeds),
    )  # fmt: skip


def rows(*differences, **more):
    names = ("constant", "linear model", "boosted trees")
    return [
        row(name, 0.8 + difference, difference, **more)
        for name, difference in zip(names, differences, strict=True)
    ]


def test_better_trees_are_said_with_the_paired_difference():
    sentence = baseline_sentence(rows(-0.2, -0.05, 0.013), PERCENT, ACCURACY)
    assert sentence.startswith(
        "Boosted trees are better than the network (adam) by 1.3 ± 0.4 points on the same 10 seeds"
    )


def test_a_better_network_is_compared_with_the_best_baseline():
    sentence = baseline_sentence(rows(-0.2, -0.02, -0.05), PERCENT, ACCURACY)
    assert sentence == (
        "The network (adam) is better than a linear model, the best of these models, by 2.0 ± 0.4 points "
        "on the same 10 seeds."
    )


def test_no_difference_is_no_order():
    sentence = baseline_sentence(rows(-0.2, -0.05, 0.001, p_value=0.4), PERCENT, ACCURACY)
    assert "boosted trees, the best of these models, are not distinguishable" in sentence
    assert "better" not in sentence and "worse" not in sentence


def test_few_seeds_give_a_difference_without_a_verdict():
    sentence = baseline_sentence(rows(-0.2, -0.05, 0.013, p_value=1.0, seeds=1), PERCENT, ACCURACY)
    assert sentence.startswith(
        "Boosted trees are better than the network (adam) by 1.3 points on the same 1 seed, too"
    )
    assert sentence.endswith("too few to exclude chance.")


def test_a_lower_error_is_better():
    better = [row("constant", 5.0, 3.0), row("linear model", 1.5, -0.5, half=0.1)]
    assert baseline_sentence(better, RMSE, MetricFacts(name="rmse", greater_is_better=False)).startswith(
        "A linear model is better than the network (adam) by 0.50 ± 0.10 in rmse"
    )
    assert best_baseline(better, False).model == "linear model"


def test_a_diverged_network_has_no_amount():
    sentence = baseline_sentence([row("linear model", 0.8, None)], PERCENT, ACCURACY)
    assert sentence == "A linear model is the best of these models; some runs of the network diverged."


def test_the_table_shows_all_rows_and_why_one_is_left_out():
    empty = BaselineRow(
        model="boosted trees", seeds=[], looks=0, tuning_seeds=[], hyperparameters={}, rows=0,
        note="left out: too large", test=None, mean=None, median=None, sd=None, interval=None, n_seeds=0,
        diverged=0, values=[],
    )  # fmt: skip
    shown = text(
        baseline_blocks(
            [row("constant", 0.6, -0.2), row("linear model", 0.75, -0.05), empty], PERCENT, ACCURACY
        ),
        120,
    )
    assert "Is a network the right tool?" in shown
    assert "75.0 ± 1.0" in shown and "-5.0 ± 0.4" in shown and "73.0 ± 1.0" in shown
    assert "boosted trees: left out: too large" in shown
    assert "better than a linear model" in shown


@pytest.mark.parametrize("blocks", [baseline_blocks([], PERCENT, ACCURACY)])
def test_without_baselines_nothing_is_shown(blocks):
    assert blocks == []


def test_a_significant_difference_never_shows_an_interval_with_0():
    trees = row("boosted trees", 0.83, 0.03, p_value=0.02)
    against = replace(trees.against_network, interval=[0.006, 0.08])
    sentence = baseline_sentence([replace(trees, against_network=against)], PERCENT, ACCURACY)
    assert "by 3.0 points [0.6, 8.0] on the same 10 seeds" in sentence
    assert "±" not in sentence
    worse = replace(trees, against_network=replace(against, difference=-0.03, interval=[-0.08, -0.01]))
    assert "better than boosted trees, the best of these models, by 3.0 points [1.0, 8.0] on" in (
        baseline_sentence([worse], PERCENT, ACCURACY)
    )


def test_sentence_and_table_have_the_same_digits():
    coarse = ScoreFormat("accuracy", True, 100.0, 0)
    blocks = baseline_blocks(rows(-0.2, -0.05, 0.0035, p_value=0.4), coarse, ACCURACY)
    shown = " ".join(text(blocks, 120).split())
    assert "(difference 0 ± 0.4 points)" in shown and "0 ± 0.4" in shown.split("boosted trees")[1]
