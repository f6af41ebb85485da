"""The constant: the best single prediction for all rows.

p_k = sum of the weights of class k / sum of all weights        (1)   classes: logit ln p_k
c = weighted mean or weighted median of the target              (2)   numbers
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ravine.baselines.baseline import MIN_LOGIT, Baseline, FitPlan, Inputs, Look, Size, TrainingRows

__all__ = ["CONSTANT", "share_logits", "weighted_median"]

MEDIAN = "median"  # hyperparameter: 0 = mean, 1 = median


def plan(size: Size) -> FitPlan:
    """Return the constants to try: shares of classes; mean and median of numbers."""
    looks: tuple[Look, ...] = ({},) if size.classes else ({MEDIAN: 0.0}, {MEDIAN: 1.0})
    return FitPlan(size.rows, looks, 0, 10)


def outputs(train: TrainingRows, inputs: Sequence[Inputs], looks: Sequence[Look]) -> list[list[np.ndarray]]:
    """Return the outputs [N, K] of each look for each of `inputs`: the same row N times."""
    rows = [
        share_logits(train.y, train.weights, train.classes) if train.classes else _number(train, look)
        for look in looks
    ]
    return [[np.tile(row, (len(part), 1)) for part in inputs] for row in rows]


def share_logits(y: np.ndarray, weight: np.ndarray | None, classes: int) -> np.ndarray:
    """Return the logits [classes] of equation (1).

    y: class indices of the training rows [N]. weight: weights of the rows [N]; None = 1 each.
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
    """Return the middle of the interval of c that minimizes the sum of weight [N] x abs(values [N] - c)."""
    order = np.argsort(values, kind="stable")
    ordered, reached = values[order], np.cumsum(weight[order]) / np.sum(weight)
    low = int(np.searchsorted(reached, 0.5 - 1e-12))
    high = int(np.searchsorted(reached, 0.5 + 1e-12))
    return float((ordered[low] + ordered[min(high, len(ordered) - 1)]) / 2)


CONSTANT = Baseline(
    "constant", "A constant", False, plan, outputs, simple=True, signed_weights=True, cannot_overfit=True
)
