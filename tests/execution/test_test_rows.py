"""Test rows that are unlike training rows: which gap counts, and what the line says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ravine.data import from_arrays
from ravine.execution.result_parts import MetricFacts, SplitSizes
from ravine.execution.test_rows import find_test_rows, test_rows_sentence
from ravine.render.numbers import ScoreFormat

SIZES = SplitSizes(train=800, validation=200, test=250)
PERCENT = ScoreFormat("accuracy", True, 100.0, 1)
RANDOM = np.random.default_rng(0)


def dataset(shift=0.0, new=0, share=0.5):
    """Return 1,000 rows and 250 test rows with planted differences."""
    parts = []
    for count, moved in ((1000, False), (250, True)):
        frame = pd.DataFrame({"a": RANDOM.normal(size=count), "c": RANDOM.choice(["x", "y"], count)})
        if moved:
            frame["a"] += shift
            frame.loc[frame.index < new, "c"] = "z"
        y = np.where(RANDOM.random(count) < (share if moved else 0.5), "yes", "no")
        parts.append((frame, y))
    return from_arrays(*parts[0], test=parts[1], name="t")


def find(data, valid, test, error=0.03, smallest=0.0, greater=True):
    metric = MetricFacts(name="score", greater_is_better=greater, smallest_difference=smallest)
    return find_test_rows(data, metric, valid, test, SIZES, lambda part: error)


def test_equal_scores_are_no_finding():
    scores = [0.90, 0.92, 0.91, 0.89, 0.90]
    assert find(dataset(shift=3), scores, scores) is None


def test_a_gap_within_the_error_of_the_test_rows_is_no_finding():
    assert find(dataset(shift=3), [0.90, 0.92, 0.91], [0.82, 0.83, 0.82], error=0.03) is None
    assert find(dataset(shift=3), [1.0, 1.0, 1.0], [0.97, 0.97, 0.97], error=0.02) is None


def test_a_better_test_score_is_no_finding():
    assert find(dataset(shift=3), [0.7, 0.71, 0.7], [0.95, 0.95, 0.95], error=0.01) is None


def test_a_large_gap_is_found_with_the_columns_that_differ():
    found = find(dataset(shift=3, new=100), [0.90, 0.92, 0.91], [0.70, 0.71, 0.72])
    assert found.difference == pytest.approx(-0.20) and found.n_seeds == 3
    assert [column.column for column in found.columns] == ["a", "c"]
    sentence = test_rows_sentence(found, PERCENT)
    assert sentence.startswith(
        "Test rows are unlike training rows: accuracy 20.0 points lower than on validation rows "
        "(beyond the spread of 3 seeds); column a: median "
    )
    assert "column c: 40 % of the rows hold categories that training rows do not" in sentence


def test_shares_of_classes_are_named():
    found = find(dataset(share=0.9), [0.90, 0.92, 0.91], [0.70, 0.71, 0.72])
    assert found.columns == [] and found.target.label in ("yes", "no")
    assert "shares of classes differ" in test_rows_sentence(found, PERCENT)


def test_an_error_that_grows_is_found():
    style = ScoreFormat("rmse", False, 1.0, 2)
    x = RANDOM.normal(size=(1000, 1))
    data = from_arrays(x, x[:, 0] * 2.5, test=(x[:250], x[:250, 0] * 2.5), name="n")
    found = find(data, [1.0, 1.1, 0.9], [2.5, 2.6, 2.4], error=0.1, greater=False)
    assert found.difference == pytest.approx(1.5)
    sentence = test_rows_sentence(found, style)
    assert sentence.startswith("Test rows are harder than validation rows: rmse 1.50 higher")


def test_one_seed_is_enough_with_errors_from_rows():
    found = find(dataset(shift=3), [0.9], [0.6])
    assert found.n_seeds == 1 and "(beyond chance)" in test_rows_sentence(found, PERCENT)
    assert found.error == pytest.approx(np.sqrt(0.03**2 * (1 + 200 / 1000 + 1)), rel=1e-6)


def test_diverged_seeds_and_undefined_errors():
    assert find(dataset(shift=3), [None, None], [None, None]) is None
    assert find(dataset(shift=3), [0.9, None, 0.91, 0.92], [0.6, None, 0.6, 0.61]).n_seeds == 3
    assert find(dataset(shift=3), [0.9], [0.6], error=float("nan")) is None


def test_a_gap_too_small_to_matter_is_no_finding():
    valid, test = [0.9000, 0.9001, 0.9002], [0.8960, 0.8960, 0.8960]
    assert find(dataset(shift=3), valid, test, error=0.0005) is not None
    assert find(dataset(shift=3), valid, test, error=0.0005, smallest=0.005) is None
