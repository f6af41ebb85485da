"""The linear model as a baseline: logistic regression for classes, ridge regression for numbers.

    sum_i w_i cross_entropy(x_i W + b, y_i) + |W|^2 / (2 C)       (1)   logistic regression
    sum_i w_i (x_i W + b - y_i)^2 + alpha |W|^2                   (2)   ridge regression

x_i are the inputs of row i, standardized as those of a network, y_i is its target, and w_i its weight. The
caller scales the weights to a mean of 1. W and b are the coefficients and the bias. C or alpha is tuned.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from ravine.baselines.baseline import Baseline, FitPlan, Inputs, Look, Size, TrainingRows, class_logits

__all__ = ["LINEAR", "fit_logistic", "fit_ridge"]

MAX_ITERATIONS = 300
MAX_NEWTON_COEFFICIENTS = 300  # Newton's method solves a system of so many equations in each iteration
FEW_CELLS, SOME_CELLS, MAX_CELLS = 200_000, 2_000_000, 20_000_000
# Fits of scikit-learn's logistic regression, on one core of an AMD EPYC: with Newton's method for a row and a
# pair of coefficients, without it for a row and a coefficient.
NEWTON_S, GRADIENT_S = 6.6e-10, 6e-8
STRENGTHS = {  # of the penalty, the usual one first
    "C": (1.0, 0.01, 0.1, 10.0, 100.0, 0.001),
    "alpha": (1.0, 100.0, 10.0, 0.01, 1_000.0, 0.1),
}


def plan(size: Size) -> FitPlan:
    """Return the `FitPlan` of the linear model: six, three or two strengths of the penalty to try.

    Larger data get fewer. For very large data, each fit uses only the first training rows.
    """
    rows = min(size.rows, MAX_CELLS // size.columns)
    cells = rows * size.columns
    count, tuning_seeds, seeds = (
        (6, 3, 10) if cells <= FEW_CELLS else (3, 1, 10) if cells <= SOME_CELLS else (2, 1, 6)
    )
    name = "C" if size.classes else "alpha"
    looks = tuple({name: value} for value in STRENGTHS[name][:count])
    return FitPlan(rows, looks, tuning_seeds, seeds)


def seconds(size: Size, bins: int, seeds: int) -> float:
    """Return the estimated seconds to tune the linear model and to fit it on some seeds for its scores.

    Ridge regression counts as 0 seconds. bins: not used. seeds: number of seeds for the scores.
    """
    if not size.classes:
        return 0.0
    fits, coefficients = plan(size), size.columns
    newton = coefficients <= MAX_NEWTON_COEFFICIENTS
    one = fits.rows * (NEWTON_S * coefficients**2 if newton else GRADIENT_S * coefficients)
    return (fits.tuning_seeds * len(fits.looks) + min(seeds, fits.seeds)) * one


def outputs(train: TrainingRows, inputs: Sequence[Inputs], looks: Sequence[Look]) -> list[list[np.ndarray]]:
    """Return the outputs [N, K] of the linear model for each strength of the penalty and each of `inputs`.

    The outer list has one entry for each of `looks`, which hold the strength of the penalty. The inner list
    has one entry for each of `inputs`. The models are fitted to the rows `train`.
    """
    train = train.weighted()
    x, weight = train.inputs.standardized, train.weight
    parts = [part.standardized for part in inputs]
    if not train.classes:
        models = [fit_ridge(x, train.y, weight, look["alpha"]) for look in looks]
        return [[model.predict(part)[:, None] for part in parts] for model in models]
    present = np.unique(train.y)
    if len(present) == 1:  # the limit of (1) for one class
        alone = [class_logits(np.zeros((len(part), 1)), present, train.classes) for part in parts]
        return [alone for _ in looks]
    models = [fit_logistic(x, train.y, weight, look["C"]) for look in looks]
    return [
        [class_logits(model.decision_function(part), present, train.classes) for part in parts]
        for model in models
    ]


def fit_logistic(x: np.ndarray, y: np.ndarray, weight: np.ndarray | None, strength: float):
    """Return scikit-learn's logistic regression, fitted to classes y [N] and inputs x [N, D].

    weight     row weights [N], or None
    strength   C, the inverse strength of the penalty |W|^2 / (2 C)
    """
    from scipy.linalg import LinAlgWarning
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    count = len(np.unique(y))
    coefficients = x.shape[1] * (count if count > 2 else 1)
    solver = "newton-cholesky" if coefficients <= MAX_NEWTON_COEFFICIENTS else "lbfgs"
    model = LogisticRegression(C=strength, solver=solver, max_iter=MAX_ITERATIONS)
    with warnings.catch_warnings():  # a fit that is not quite converged is still a valid baseline
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", LinAlgWarning)
        return model.fit(x, y, sample_weight=weight)


def fit_ridge(x: np.ndarray, y: np.ndarray, weight: np.ndarray | None, strength: float):
    """Return scikit-learn's ridge regression, fitted to numbers y [N] and inputs x [N, D].

    weight     row weights [N], or None
    strength   alpha, the factor of the penalty |W|^2
    """
    from scipy.linalg import LinAlgWarning
    from sklearn.linear_model import Ridge

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LinAlgWarning)
        return Ridge(alpha=strength).fit(x, y, sample_weight=weight)


LINEAR = Baseline("linear model", "A linear model", False, plan, outputs, simple=True, seconds=seconds)
