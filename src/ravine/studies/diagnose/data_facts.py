"""Measurements of the data alone: columns, classes, contradicting labels, loss of a constant prediction."""

from __future__ import annotations

import numpy as np

from ravine.data import Dataset, leakage
from ravine.diagnostics import expected_sign_agreement
from ravine.training import Rows

__all__ = ["constant_loss", "of_classes", "of_inputs", "suspected_leaks"]


def constant_loss(train: Rows, task: str, outputs: int) -> float:
    """Return the loss of the best constant prediction: cross-entropy, or mean squared error."""
    weight = np.ones(len(train.y)) if train.weight is None else np.asarray(train.weight, np.float64)
    y = np.asarray(train.y)
    if task == "classify":
        share = np.bincount(y, weight, minlength=outputs) / weight.sum()
        share = share[share > 0]
        return float(-np.sum(share * np.log(share)))
    mean = np.average(y, weights=weight)
    return float(np.average((y - mean) ** 2, weights=weight))


def of_inputs(train: Rows) -> dict[str, np.ndarray]:
    """Return measurements of the input columns by name: column_mean [D], column_sd [D] and others.

    agreement: expected agreement of the signs of two gradients in the first layer. column_condition: the
    condition number of the matrix of second moments of the inputs.
    """
    x = np.asarray(train.x[:4096], np.float64)
    deviation = np.where(
        np.ptp(x, axis=0) > 0, x.std(axis=0), 0.0
    )  # that of equal values can be a rounding error
    columns = {"column_mean": x.mean(axis=0), "column_sd": deviation}
    used = x[:, deviation > 0]
    agreement = expected_sign_agreement(used) if used.shape[1] > 1 else np.nan
    values = np.linalg.eigvalsh(x.T @ x / len(x)) if x.shape[1] <= 2000 else np.array([np.nan])
    top = float(values[-1])
    above = values[values > 1e-6 * top] if top > 0 else np.array([np.nan])
    return columns | {"agreement": np.array(agreement), "column_condition": np.array(top / above[0])}


def of_classes(task: str, train: Rows, valid: Rows, outputs: np.ndarray) -> dict[str, np.ndarray]:
    """Return number of rows and recall of each class [class], and the share of contradicting labels.

    The result is empty for a regression. outputs [N, class]: outputs of the network on validation rows.
    """
    if task != "classify":
        return {}
    k = outputs.shape[1]
    y, predicted = np.asarray(valid.y), np.argmax(outputs, axis=1)
    right = np.bincount(y[predicted == y], minlength=k)
    valid_counts = np.bincount(y, minlength=k)
    return {
        "counts": np.bincount(np.asarray(train.y), minlength=k),
        "valid_counts": valid_counts,
        "recall": right / np.maximum(valid_counts, 1),
        "contradicting": np.array(_contradicting(train)),
    }


def _contradicting(rows: Rows) -> float:
    """Return the share of training rows with a label that rows with the same inputs contradict.

    A label counts if it is not the most frequent label among all rows with the same inputs.
    """
    _, group = np.unique(np.asarray(rows.x), axis=0, return_inverse=True)
    counts = np.zeros((group.max() + 1, int(np.max(rows.y)) + 1))  # [group of equal inputs, label]
    np.add.at(counts, (group.ravel(), np.asarray(rows.y)), 1)
    return float(1 - counts.max(axis=1).sum() / len(group))


def suspected_leaks(data: Dataset) -> list[str]:
    """Return the names of columns that give the target away, alone or together.

    Data with more than 2,000 columns are not examined.
    """
    import pandas as pd

    if len(data.features) > 2000:
        return []
    columns = {
        name: pd.Series(data.x[data.development, j].astype(np.float64))
        for j, name in enumerate(data.features)
    }
    alone, together = leakage.suspected_leaks(columns, data.y[data.development], data.task == "classify")
    return [*alone, *together]
