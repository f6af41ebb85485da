"""The constant: a baseline that predicts the same for all rows, without looking at their inputs.

p_k = sum of the weights of class k / sum of all weights      (1)   classes: logit of class k is ln p_k
c = weighted mean or weighted median of the target            (2)   regression: the predicted number
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ravine.baselines.baseline import MIN_LOGIT, Baseline, FitPlan, Inputs, Look, Size, TrainingRows

__all__ = ["CONSTANT", "share_logits", "weighted_median"]

MEDIAN = "median"  # hyperparameter: 0 = mean, 1 = median


def plan(size: Size) -> FitPlan:
    """Return the `FitPlan` of the constant: shares of the classes, or mean and median of a numeric target.

    Every fit uses all training rows. Up to 10 seeds are scored, and no additional ones are used for tuning.
    """
    looks: tuple[Look, ...] = ({},) if size.classes else ({MEDIAN: 0.0}, {MEDIAN: 1.0})
    return FitPlan(size.rows, looks, 0, 10)


def outputs(train: TrainingRows, inputs: Sequence[Inputs], looks: Sequence[Look]) -> list[list[np.ndarray]]:
    """Return the outputs [N, K] of the fitted constant for each setting and each of `inputs`.

    All N rows of outputs are equal. The outer list has one entry for each of `looks`, which choose mean or
    median of a numeric target. The inner list has one entry for each of `inputs`.
    """
    rows = [
        share_logits(train.y, train.weights, train.classes) if train.classes else _number(train, look)
        for look in looks
    ]
    return [[np.tile(row, (len(part), 1)) for part in inputs] for row in rows]


def share_logits(y: np.ndarray, weight: np.ndarray | None, classes: int) -> np.ndarray:
    """Return ln p_k of the classes [classes], with p_k the share of class k in the total weight of the rows.

    y: class indices of the training rows [N]. weight: weights of the rows [N]; None = 1 each. A class whose
    weights add up to 0 or less gets the logit -70.
    """
    total = np.bincount(y, weight, minlength=classes)
    positive = np.maximum(total, 0.0)  # negative weights can outweigh the others
    share = positive / max(positive.sum(), np.finfo(np.float64).tiny)
    return np.log(np.maximum(share, np.exp(MIN_LOGIT)))  # (1)


def _number(train: TrainingRows, look: Look) -> np.ndarray:
    """Return the constant of equation (2), [1]."""
    if look[MEDIAN]:
        return np.array([weighted_median(train.y, np.maximum(train.weights, 0.0))])
    return np.array([np.sum(train.weights * train.y) / np.sum(train.weights)])  # (2)


def weighted_median(values: np.ndarray, weight: np.ndarray) -> float:
    """Return the weighted median: the c that minimizes the sum of weight [N] x abs(values [N] - c).

    If all c of an interval minimize the sum, the result is the middle of the interval.
    """
    order = np.argsort(values, kind="stable")
    ordered, reached = values[order], np.cumsum(weight[order]) / np.sum(weight)
    low = int(np.searchsorted(reached, 0.5 - 1e-12))
    high = int(np.searchsorted(reached, 0.5 + 1e-12))
    return float((ordered[low] + ordered[min(high, len(ordered) - 1)]) / 2)


CONSTANT = Baseline(
    "constant", "A constant", False, plan, outputs, simple=True, signed_weights=True, cannot_overfit=True
)
