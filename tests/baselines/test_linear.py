"""The linear model against closed forms and optimality conditions."""

from __future__ import annotations

import numpy as np
import pytest

from ravine.baselines import Inputs, Size, TrainingRows
from ravine.baselines.linear import LINEAR, MAX_NEWTON_COEFFICIENTS, fit_logistic

RANDOM = np.random.default_rng(3)


def inputs_of(x):
    return Inputs(x, np.arange(len(x)), lambda x: x)


@pytest.mark.parametrize("weight", [None, RANDOM.uniform(0.5, 2, 80)], ids=["equal", "weights"])
def test_ridge_solves_the_normal_equations(weight):
    x = RANDOM.normal(size=(80, 4))
    y = x @ [1.0, -2.0, 0.0, 3.0] + RANDOM.normal(size=80)
    train = TrainingRows(inputs_of(x), y, weight, 0)
    (z,) = LINEAR.outputs(train, [inputs_of(x)], [{"alpha": 10.0}])[0]
    w = np.ones(80) if weight is None else weight
    xc, yc = x - np.average(x, axis=0, weights=w), y - np.average(y, weights=w)
    slope = np.linalg.solve(xc.T @ (w[:, None] * xc) + 10 * np.eye(4), xc.T @ (w * yc))
    np.testing.assert_allclose(z[:, 0], np.average(y, weights=w) + xc @ slope, rtol=1e-8)


@pytest.mark.parametrize("classes", [2, 3])
def test_the_gradient_of_the_logistic_objective_is_zero(classes):
    x = RANDOM.normal(size=(150, 3))
    y = (x[:, 0] + RANDOM.normal(size=150) > 0).astype(int) + (classes > 2) * (x[:, 1] > 0.5)
    weight, c = RANDOM.uniform(0.5, 2, 150), 0.1
    model = fit_logistic(x, y, weight, c)
    p = model.predict_proba(x)
    if classes == 2:
        gradient = x.T @ (weight * (p[:, 1] - (y == 1))) + model.coef_[0] / c
    else:
        gradient = ((p - np.eye(3)[y]) * weight[:, None]).T @ x + model.coef_ / c
    assert np.abs(gradient).max() < 1e-2 * np.abs(model.coef_).max() / c


def test_many_coefficients_use_the_other_solver_and_find_the_same_model():
    x = RANDOM.normal(size=(400, MAX_NEWTON_COEFFICIENTS + 1))
    y = (x[:, 0] > 0).astype(int)
    wide = fit_logistic(x, y, None, 0.01)
    assert wide.solver == "lbfgs"
    p = wide.predict_proba(x)[:, 1]
    gradient = x.T @ (p - y) + wide.coef_[0] / 0.01
    assert np.abs(gradient).max() < 0.05


def test_there_are_six_three_or_two_penalties():
    assert [len(LINEAR.plan(Size(rows, 10, 2)).looks) for rows in (1_000, 100_000, 10**6)] == [6, 3, 2]
