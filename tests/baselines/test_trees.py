"""Boosted trees against separate fits of scikit-learn's own model."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from ravine.baselines import Inputs, Size, TrainingRows
from ravine.baselines.trees import TREES

RANDOM = np.random.default_rng(4)


def inputs_of(x):
    return Inputs(x, np.arange(len(x)), np.nan_to_num)


def sklearn_model(look, classes):
    make = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    return make(
        learning_rate=look["learning_rate"], max_leaf_nodes=int(look["leaves"]),
        min_samples_leaf=int(look["rows_per_leaf"]), max_iter=int(look["trees"]), early_stopping=False,
    )  # fmt: skip


@pytest.mark.parametrize("classes", [0, 2, 3])
def test_every_look_equals_a_fit_of_its_own(classes):
    x = RANDOM.normal(size=(120, 3)).astype(np.float32)
    x[::9, 0] = np.nan  # missing values stay as they are
    weight = RANDOM.uniform(0.5, 2, 120)
    y = np.nan_to_num(x[:, 0]) + x[:, 1]
    y = np.digitize(y, [-0.5, 0.5][: max(classes - 1, 0)]) if classes else y
    other = RANDOM.normal(size=(10, 3)).astype(np.float32)
    looks = TREES.plan(Size(120, 3, classes)).looks
    few = [look for look in looks if look["trees"] <= 50]
    found = TREES.outputs(TrainingRows(inputs_of(x), y, weight, classes), [inputs_of(other)], few)
    for look, (z,) in zip(few, found, strict=True):
        model = sklearn_model(look, classes).fit(x, y, sample_weight=weight)
        if not classes:
            np.testing.assert_allclose(z[:, 0], model.predict(other), rtol=1e-9)
            continue
        share = np.exp(z - z.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(share, model.predict_proba(other), rtol=1e-6, atol=1e-12)


def test_the_usual_setting_comes_first():
    first = TREES.plan(Size(100, 3, 2)).looks[0]
    default = HistGradientBoostingClassifier()
    assert first == {
        "learning_rate": default.learning_rate, "leaves": default.max_leaf_nodes,
        "rows_per_leaf": default.min_samples_leaf, "trees": default.max_iter,
    }  # fmt: skip
