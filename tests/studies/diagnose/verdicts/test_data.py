"""Verdicts on classes and columns: weights decide how rare a class is, and a column may leak one class."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ravine.records.record import Record
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.data import class_leak, imbalance

RecordWith = Callable[..., Record]


@pytest.mark.parametrize(
    ("weights", "recall", "fires"), [([997.0, 3.0], 0.026, True), ([500.0, 500.0], 0.026, False)]
)
def test_a_class_is_rare_by_its_weight(
    record_with: RecordWith, weights: list[float], recall: float, fires: bool
) -> None:
    """500 rows of each class; by weight the second is 0.3 % of all, and hardly recognized."""
    record = record_with(
        final={
            "counts": np.array([weights]), "class_weights": np.array([weights]),
            "valid_counts": np.array([[500, 500]]), "recall": np.array([[0.999, recall]]),
            "valid_weights": np.ones((1, 50)),
        },
        metadata={"classes": ["background", "signal"], "task": "classify"},
    )  # fmt: skip
    found = imbalance(Observation(record))
    assert found is not None
    assert found.fires == fires
    if fires:
        assert "0.3 % of the weight" in found.sentence


def test_a_column_that_separates_one_class_is_named_with_the_class(record_with: RecordWith) -> None:
    metadata = {"classes": ["a", "b", "c"], "class_leaks": {"tag": ["b"]}, "task": "classify"}
    found = class_leak(Observation(record_with(metadata=metadata)))
    assert found is not None
    assert found.fires
    assert "'tag' alone separates 'b'" in found.sentence
    clean = class_leak(Observation(record_with(metadata={**metadata, "class_leaks": {}})))
    assert clean is not None
    assert not clean.fires
    assert class_leak(Observation(record_with())) is None
