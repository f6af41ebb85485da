"""The constant against values computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ravine.baselines import Inputs, Size, TrainingRows
from ravine.baselines.constant import CONSTANT, weighted_median


def train(y, weight=None, classes=0):
    y = np.asarray(y)
    inputs = Inputs(np.zeros((len(y), 1), np.float32), np.arange(len(y)), lambda x: x)
    return TrainingRows(inputs, y, None if weight is None else np.asarray(weight, float), classes)


def outputs(rows, look):
    return CONSTANT.outputs(rows, [rows.inputs], [look])[0][0]


def test_the_logits_are_logarithms_of_the_shares():
    z = outputs(train([0, 0, 0, 1], classes=2), {})
    np.testing.assert_allclose(z, np.log([[0.75, 0.25]] * 4))


def test_shares_count_weights():
    z = outputs(train([0, 0, 0, 1], [1, 1, 1, 9], classes=2), {})
    np.testing.assert_allclose(z[0], np.log([0.25, 0.75]))


def test_a_number_is_the_weighted_mean_or_the_weighted_median():
    rows = train([0.0, 1.0, 10.0], [1, 1, 2])
    mean, median = CONSTANT.plan(Size(3, 1, 0)).looks
    np.testing.assert_allclose(outputs(rows, mean), [[21 / 4]] * 3)
    np.testing.assert_allclose(outputs(rows, median), [[5.5]] * 3)  # half of the weight lies on each side


@pytest.mark.parametrize(("values", "weight", "expected"), [
    ([3.0, 1.0, 2.0], [1, 1, 1], 2.0),
    ([4.0, 1.0, 2.0, 3.0], [1, 1, 1, 1], 2.5),
    ([1.0, 5.0], [3, 1], 1.0),
    ([7.0], [0.2], 7.0),
])  # fmt: skip
def test_weighted_median(values, weight, expected):
    assert weighted_median(np.array(values), np.array(weight, float)) == expected


def test_negative_weights_leave_finite_logits():
    z = outputs(train([0, 1, 1], [2.0, 1.0, -3.0], classes=2), {})
    assert np.isfinite(z).all() and z[0, 0] > z[0, 1]
