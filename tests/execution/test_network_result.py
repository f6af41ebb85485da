"""The rules for `predictions.npz` allow what a training writes, and nothing of another type or length."""

from __future__ import annotations

import numpy as np
import pytest

from ravine.execution.network_result import PREDICTION_RULES
from ravine.records.array_rules import check_arrays
from ravine.records.os_errors import DamagedFile

CHANGES = {
    "test_row": lambda a: a.astype(float), "test_target": lambda a: a[:-1],
    "validation_prediction": lambda a: a[None],
    "test_probability": lambda a: a[:, 1:], "classes": lambda a: np.arange(len(a)),
    "more": lambda a: np.ones(1),
}  # fmt: skip


def test_the_predictions_of_a_training_fit_the_rules(trained):
    again = type(trained).from_dict(trained.to_dict())
    lengths = check_arrays(again.prediction_arrays, PREDICTION_RULES, "'a'")
    assert lengths == {"class": 3, "test": trained.split.test, "validation": trained.split.validation}
    for name, array in trained.prediction_arrays.items():
        np.testing.assert_array_equal(again.prediction_arrays[name], array)


@pytest.mark.parametrize("name", list(CHANGES))
def test_other_arrays_are_refused(trained, name):
    arrays = dict(trained.prediction_arrays)
    arrays[name] = CHANGES[name](arrays.get(name))
    with pytest.raises(DamagedFile, match=r"^'a' is damaged"):
        check_arrays(arrays, PREDICTION_RULES, "'a'")
