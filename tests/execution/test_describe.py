"""Descriptions that several views share."""

from __future__ import annotations

import pytest

from ravine.execution.describe import (
    curve_rows_blocks,
    data_text,
    score_format_of,
    training_option_rows,
    validation_text,
)
from ravine.execution.result_parts import DataFacts, MetricFacts, ScoreSummary, SplitSizes


def facts(rows, features):
    return DataFacts(
        name="wine", sha256="0" * 64, rows=rows, features=features, task="classify", target="kind",
        classes=["a", "b"], notes=[],
    )  # fmt: skip


def scores(mean, interval):
    return ScoreSummary(
        mean=mean, median=mean, sd=None, interval=interval, n_seeds=10, diverged=0, values=[mean] * 10
    )


def test_data_in_one_line():
    assert data_text(facts(1797, 64)) == "wine: 1,797 rows, 64 features, classify 'kind'"
    assert data_text(facts(1, 1)) == "wine: 1 row, 1 feature, classify 'kind'"


@pytest.mark.parametrize(
    ("metric", "greater", "interval", "shown"),
    [
        ("accuracy", True, [0.91, 0.97], "94 %"),  # ± 3
        ("accuracy", True, [0.93, 0.95], "94.0 %"),  # ± 1.0: two digits behind a 1
        ("accuracy", True, [0.937, 0.943], "94.0 %"),
        ("log_loss", False, [0.937, 0.943], "0.940"),
        ("a metric of another package", True, [0.9, 0.98], "0.94"),
    ],
)
def test_scores_are_as_fine_as_the_smallest_interval(metric, greater, interval, shown):
    """A score ends where its uncertainty has one digit, two where the first is a 1."""
    facts = MetricFacts(name=metric, greater_is_better=greater)
    style = score_format_of(facts, [scores(0.94, [0.5, 1.0]), scores(0.94, interval)])
    assert " ".join(filter(None, (style.number(0.94), style.unit))) == shown
    assert style.greater_is_better is greater


def test_a_difference_makes_the_format_finer():
    facts = MetricFacts(name="accuracy", greater_is_better=True)
    rows = [scores(0.94, [0.9, 0.98])]
    assert score_format_of(facts, rows).number(0.94) == "94"
    assert score_format_of(facts, rows, [(0.01, [0.0095, 0.0105])]).number(0.94) == "94.00"


def test_penalties_and_the_like_are_listed_where_they_were_asked_for():
    assert training_option_rows({}) == []
    rows = dict(
        training_option_rows(
            {
                "l1": 1e-4, "weight_decay": 0.01, "hyper_schedule": ["rho=linear", "l1=cosine"],
                "augment": "noise=0.1",
                "clip": 1.0, "early_stop": 5, "min_change": 1e-3, "label_smoothing": 0.1,
                "average": "ema=0.9",
            }
        )
    )  # fmt: skip
    assert rows["penalties"].startswith("L1 0.0001, weight decay 0.01")
    assert rows["other schedules"] == "rho=linear, l1=cosine"
    assert rows["augmentation"] == "noise=0.1"
    assert rows["with"] == (
        "early stop after 5 evaluations, at least 0.001 better, clip 1, average ema=0.9, label smoothing 0.1"
    )


def test_a_sample_for_curves_is_stated():
    whole = SplitSizes(train=80_000, validation=20_000, test=25_000)
    sample = SplitSizes(train=80_000, validation=20_000, test=25_000, curves=1000)
    assert validation_text(whole) == "20,000 validation" and curve_rows_blocks(whole) == []
    assert validation_text(sample, "to validate") == "20,000 to validate (curves on 1,000 of them)"
    (sentence,) = curve_rows_blocks(sample)
    assert sentence.text == (
        "Learning curves and early stopping use 1,000 of the 20,000 validation rows, scores all of them."
    )
