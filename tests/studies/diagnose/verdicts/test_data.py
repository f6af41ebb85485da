"""Verdicts on classes and columns: weights decide how rare a class is, and a column may leak one class."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ravine.records.record import Record
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.data import class_leak, constant_columns, imbalance, leaking

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
        metadata={"classes": ["background", "signal"], "outputs": 2, "task": "classify"},
    )  # fmt: skip
    found = imbalance(Observation(record))
    assert found is not None
    assert found.fires == fires
    if fires:
        assert "0.3 % of the weight" in found.sentence
        assert "--metric balanced_accuracy" in found.sentence
        assert "--weights" not in found.sentence  # there are weights already
        assert "collect more rows of it" in found.sentence


def test_a_column_that_separates_one_class_is_named_with_the_class(record_with: RecordWith) -> None:
    metadata = {"classes": ["a", "b", "c"], "outputs": 3, "class_leaks": {"tag": ["b"]}, "task": "classify"}
    found = class_leak(Observation(record_with(metadata=metadata)))
    assert found is not None
    assert found.fires
    assert "'tag' alone separates 'b'" in found.sentence
    two = {**metadata, "class_leaks": {"tag": ["b"], "code": ["c"]}}
    more = class_leak(Observation(record_with(metadata=two)))
    assert more is not None
    assert "and 1 more column does so for some class." in more.sentence
    clean = class_leak(Observation(record_with(metadata={**metadata, "class_leaks": {}})))
    assert clean is not None
    assert not clean.fires
    assert class_leak(Observation(record_with())) is None


@pytest.mark.parametrize(
    ("deviations", "sentence"),
    [
        ([1.0, 0.0, 1.0], "1 column is constant in the training rows and carries no information: 'b'."),
        ([0.0, 0.0, 1.0], "2 columns are constant in the training rows and carry no information: 'a', 'b'."),
        ([1.0, 1.0, 1.0], "No column is constant."),
    ],
)
def test_one_column_or_several_are_constant(
    record_with: RecordWith, deviations: list[float], sentence: str
) -> None:
    found = constant_columns(Observation(record_with(final={"column_sd": np.array([deviations])})))
    assert found is not None
    assert found.sentence == sentence


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["a"], "A column may leak the target: 'a' alone predicts the target almost without error."),
        (
            ["a", "c"],
            "Columns may leak the target: 'a', 'c' predict the target, alone or together, almost without "
            "error.",
        ),
    ],
)
def test_one_column_or_several_leak(record_with: RecordWith, names: list[str], sentence: str) -> None:
    found = leaking(Observation(record_with(metadata={"leaks": names})))
    assert found is not None
    assert found.sentence == sentence
