"""Measurements of the data: classes by weight, the loss of a constant, leaks and unlike test rows."""

from __future__ import annotations

import numpy as np
import pytest

from ravine.data import from_arrays
from ravine.studies.diagnose.data_facts import constant_rows, of_classes, suspected_leaks, unlike_test_rows
from ravine.training import Rows


def test_classes_count_by_the_weight_of_their_rows() -> None:
    train = Rows(np.arange(4.0)[:, None], np.array([0, 0, 1, 1]), np.array([1.0, 2.0, 0.1, 0.2]))
    valid = Rows(np.arange(3.0)[:, None], np.array([0, 1, 1]), np.array([1.0, 0.3, 0.1]))
    outputs = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    found = of_classes("classify", train, valid, outputs)
    assert found["counts"] == pytest.approx([3.0, 0.3])
    assert found["valid_counts"].tolist() == [1, 2]
    assert found["class_weights"] == pytest.approx([1.0, 0.4])
    assert found["recall"] == pytest.approx([1.0, 0.1 / 0.4])


def test_contradictions_count_by_weight() -> None:
    """Three rows of equal inputs; the label with less weight, 1 of 6, contradicts."""
    x = np.array([[0.0], [0.0], [0.0], [1.0]])
    train = Rows(x, np.array([0, 0, 1, 1]), np.array([0.5, 0.5, 2.0, 3.0]))
    found = of_classes("classify", train, train, np.zeros((4, 2)))
    assert found["contradicting"] == pytest.approx(1 / 6)


def test_the_loss_of_a_constant_is_that_of_the_weighted_shares() -> None:
    train = Rows(None, np.array([0, 1]), np.array([3.0, 1.0]))
    outputs, losses = constant_rows(train, Rows(None, np.array([0, 1, 1])), "classify", 2, "cross_entropy")
    assert np.exp(outputs[0]) == pytest.approx([0.75, 0.25])
    assert losses == pytest.approx(-np.log([0.75, 0.25, 0.25]))
    numbers = Rows(None, np.array([0.0, 4.0]), np.array([3.0, 1.0]))
    outputs, losses = constant_rows(numbers, Rows(None, np.array([2.0, 1.0])), "regress", 1, "squared_error")
    assert outputs[:, 0] == pytest.approx([1.0, 1.0])
    assert losses == pytest.approx([1.0, 0.0])


@pytest.mark.parametrize("classes", [2, 3])
def test_a_column_that_marks_one_class_leaks_the_class_or_of_two_classes_the_target(classes: int) -> None:
    random = np.random.default_rng(0)
    y = random.integers(0, classes, 600)
    x = np.stack([random.normal(size=600), np.where(y == 1, 5.0, 0.0) + random.random(600)], axis=1)
    leaks, class_leaks = suspected_leaks(from_arrays(x, np.array(["a", "b", "c"])[y]))
    expected = (["c1"], {}) if classes == 2 else ([], {"c1": ["b"]})
    assert (leaks, class_leaks) == expected


def test_the_column_of_the_test_rows_that_differs_most_comes_first() -> None:
    random = np.random.default_rng(1)
    x, other = random.normal(size=(800, 3)), random.normal(size=(400, 3))
    other[:, 1] += 3.0  # distance 2 Phi(1.5) - 1 = 0.866
    other[:, 2] += 1.0  # distance 2 Phi(0.5) - 1 = 0.383
    data = from_arrays(x, x[:, 0], test=(other, other[:, 0]))
    found = unlike_test_rows(data)
    assert list(found.distances) == ["c1", "c2"]
    assert list(found.distances.values()) == pytest.approx([0.866, 0.383], abs=0.07)
    assert [words.split(":")[0] for words in found.words] == ["column c1", "column c2"]
    assert found.rows == 400
    alike = unlike_test_rows(from_arrays(x, x[:, 0]))
    assert (alike.distances, alike.words, alike.rows) == ({}, [], 160)
