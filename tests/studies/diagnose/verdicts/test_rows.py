"""Verdicts on rows: labels that are wrong for confident predictions, nearly equal rows, rows in an order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ravine.records.record import Record
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts import rows as verdicts_on_rows
from ravine.studies.diagnose.verdicts.rows import label_noise, near_duplicates, order_not_exchangeable

RecordWith = Callable[..., Record]


@pytest.mark.parametrize(
    ("wrong", "rows", "noisy"),
    [
        ([0.2, 0.3], 200, True),
        ([0.02, 0.4], 200, False),  # classes that overlap: one of them is clear where it is predicted
        ([0.1, 0.1], 20, False),  # 2 of 20 may be chance
        ([np.nan, 0.3], 200, False),  # one class alone is not judged
        ([0.45, 0.48], 200, False),  # half of the labels are wrong by chance
    ],
)
def test_labels_are_noisy_if_no_class_is_clear(
    record_with: RecordWith, wrong: list[float], rows: int, noisy: bool
) -> None:
    final = {
        "confident_wrong": np.array([wrong]), "confident_rows": np.full((1, 2), rows),
        "class_weights": np.array([[300.0, 300.0]]),
    }  # fmt: skip
    record = record_with(final=final, metadata={"classes": ["a", "b"], "outputs": 2, "task": "classify"})
    found = label_noise(Observation(record))
    assert (found is not None and found.fires) == noisy


@pytest.mark.parametrize(
    ("numbers", "noisy"),
    [
        ([0.4, 0.05, -0.9, 0.2], True),
        ([0.4, 0.05, -0.3, 0.2], False),  # the slope may be 0 by chance
        ([0.4, 0.05, 0.9, 0.2], False),  # large errors, in targets that follow the predictions
        ([0.12, 0.05, -0.9, 0.2], False),  # the share may be a tenth by chance
    ],
)
def test_targets_are_noisy_if_large_errors_have_unrelated_targets(
    record_with: RecordWith, numbers: list[float], noisy: bool
) -> None:
    found = label_noise(Observation(record_with(final={"unrelated_targets": np.array([numbers])})))
    assert found is not None
    assert found.fires == noisy


def test_targets_that_nothing_was_learned_of_are_not_judged(record_with: RecordWith) -> None:
    noisy = {"unrelated_targets": np.array([[0.9, 0.05, -0.9, 0.2]])}
    final = noisy | {"best_rows": np.full((1, 50), 0.96)}
    assert label_noise(Observation(record_with(final=final))) is None
    longer = {"longer": np.full((1, 50), 0.01), "longer_train": np.array([0.01])}
    for rows, judged in ((0.9, False), (0.04, True)):  # a longer training removes errors, or not clearly
        final = noisy | longer | {"best_rows": np.full((1, 50), rows)}
        record = record_with(final=final, metadata={"changed": {"longer": "4"}})
        assert (label_noise(Observation(record)) is not None) == judged


@pytest.mark.parametrize(
    ("share", "rows", "fires", "severity"),
    [(0.03, 500, False, 0), (0.07, 150, False, 0), (0.15, 500, True, 0), (0.8, 500, True, 2)],
)
def test_a_few_repeated_rows_are_reported_and_many_are_a_fault(
    record_with: RecordWith, share: float, rows: int, fires: bool, severity: int
) -> None:
    """11 of 150 rows are within 1.96 errors of 5 %: the error is sqrt(0.07 0.93 / 150) = 0.021."""
    found = near_duplicates(Observation(record_with(final={"near_duplicates": np.array([[share, rows]])})))
    assert found is not None
    assert (found.fires, found.severity) == (fires, severity)


@pytest.mark.parametrize(
    ("neighbors", "drift", "word"),
    [([0.1, 0.8, 0.0], [0.1, 0, 0], "next row"), ([0.1, 0.0, 0.0], [0, 0, -0.6], "row number")],
)
def test_the_column_that_depends_most_on_the_order_is_named(
    record_with: RecordWith, neighbors: Any, drift: Any, word: str
) -> None:
    final = {
        "neighbors": np.array([neighbors]),
        "drift": np.array([drift]),
        "sorted_by_target": np.zeros((1, 1)),
        "order_rows": np.full((1, 1), 100.0),
    }
    found = order_not_exchangeable(Observation(record_with(final=final)))
    assert found is not None
    assert found.fires
    assert found.severity == 0
    assert word in found.sentence
    assert ("'b'" if word == "next row" else "'c'") in found.sentence


def test_independent_rows_are_no_finding(record_with: RecordWith) -> None:
    found = order_not_exchangeable(Observation(record_with(final=_independent(sorted_by_target=0.0))))
    assert found is not None
    assert not found.fires


def test_rows_that_are_only_sorted_by_the_target_are_reported_as_such(record_with: RecordWith) -> None:
    found = order_not_exchangeable(Observation(record_with(final=_independent(sorted_by_target=1.0))))
    assert found is not None
    assert (found.fires, found.severity) == (True, 0)
    assert "sorted by the target" in found.sentence


def _independent(sorted_by_target: float) -> dict[str, np.ndarray]:
    small = {"neighbors": np.full((1, 3), 0.05), "drift": np.full((1, 3), -0.05)}
    return small | {
        "sorted_by_target": np.full((1, 1), sorted_by_target), "order_rows": np.full((1, 1), 100.0)
    }  # fmt: skip


@pytest.mark.parametrize("name", ["neighbors", "drift"])
@pytest.mark.parametrize(
    ("correlation", "rows", "fires"),
    [(0.36, 1000, False), (0.4, 1000, True), (0.31, 100_000, True), (0.5, 100, False), (0.6, 100, True)],
)
def test_a_correlation_must_exceed_the_threshold_by_its_error(
    record_with: RecordWith, name: str, correlation: float, rows: int, fires: bool
) -> None:
    """Of 6 correlations, one exceeds 2.638 standard errors of 1 / sqrt(rows) with a probability of 5 %."""
    final = _independent(sorted_by_target=0.0) | {
        name: np.array([[0.0, correlation, 0.0]]), "order_rows": np.full((1, 1), float(rows))
    }  # fmt: skip
    found = order_not_exchangeable(Observation(record_with(final=final, metadata={"train": 10})))
    assert found is not None
    assert found.fires == fires
    assert [row.error for row in found.evidence] == pytest.approx([2.638 / np.sqrt(rows)] * 2, rel=1e-3)


def test_without_measured_rows_the_order_is_not_judged(record_with: RecordWith) -> None:
    """Rows of groups are not measured, and a record of an older version does not hold their number."""
    final = _independent(sorted_by_target=1.0)
    del final["order_rows"]
    assert order_not_exchangeable(Observation(record_with())) is None
    assert order_not_exchangeable(Observation(record_with(final=final))) is None


@pytest.mark.parametrize(
    ("unlike", "fires", "severity"), [({}, False, 0), ({"a": 0.15}, True, 0), ({"b": 0.6, "a": 0.2}, True, 2)]
)
def test_test_rows_that_differ_much_are_a_fault(
    record_with: RecordWith, unlike: dict[str, float], fires: bool, severity: int
) -> None:
    words = [f"column {name}: median 2, 1 in training rows" for name in unlike]
    metadata = {"unlike": unlike, "unlike_words": words, "test": 100}
    found = verdicts_on_rows.test_unlike(Observation(record_with(metadata=metadata)))
    assert found is not None
    assert (found.fires, found.severity) == (fires, severity)
    assert all(word in found.sentence for word in words)


def test_a_record_without_words_names_the_columns(record_with: RecordWith) -> None:
    """Versions before 2 stored distances alone."""
    metadata = {"unlike": {"a": 0.15, "b": 0.12}, "test": 100}
    found = verdicts_on_rows.test_unlike(Observation(record_with(metadata=metadata)))
    assert found is not None
    assert "unlike training rows: a; b." in found.sentence


def test_without_test_rows_it_does_not_apply(record_with: RecordWith) -> None:
    assert verdicts_on_rows.test_unlike(Observation(record_with())) is None
