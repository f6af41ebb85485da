"""What is measured of the data alone: columns, classes, labels that contradict, the loss of a constant."""

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
    """Return mean and spread of each column [D], how alike rows are, and the columns' condition number."""
    x = np.asarray(train.x[:4096], np.float64)
    spread = np.where(np.ptp(x, axis=0) > 0, x.std(axis=0), 0.0)  # of equal values it may be rounding
    found = {"column_mean": x.mean(axis=0), "column_sd": spread}
    used = x[:, spread > 0]
    agreement = expected_sign_agreement(used) if used.shape[1] > 1 else np.nan
    values = np.linalg.eigvalsh(x.T @ x / len(x)) if x.shape[1] <= 2000 else np.array([np.nan])
    top = float(values[-1])
    above = values[values > 1e-6 * top] if top > 0 else np.array([np.nan])
    return found | {"agreement": np.array(agreement), "column_condition": np.array(top / above[0])}


def of_classes(task: str, train: Rows, valid: Rows, outputs: np.ndarray) -> dict[str, np.ndarray]:
    """Return rows [class], the share recognised by outputs [N, class], and how many labels contradict.

    Empty where there are no classes.
    """
    if task != "classify":
        return {}
    k = outputs.shape[1]
    y, says = np.asarray(valid.y), np.argmax(outputs, axis=1)
    right = np.bincount(y[says == y], minlength=k)
    there = np.bincount(y, minlength=k)
    return {
        "counts": np.bincount(np.asarray(train.y), minlength=k),
        "valid_counts": there,
        "recall": right / np.maximum(there, 1),
        "contradicting": np.array(_contradicting(train)),
    }


def _contradicting(rows: Rows) -> float:
    """Return the share of training rows with equal inputs of which most have another label."""
    _, place = np.unique(np.asarray(rows.x), axis=0, return_inverse=True)
    table = np.zeros((place.max() + 1, int(np.max(rows.y)) + 1))
    np.add.at(table, (place.ravel(), np.asarray(rows.y)), 1)
    return float(1 - table.max(axis=1).sum() / len(place))


def suspected_leaks(data: Dataset) -> list[str]:
    """Return the columns that give the target away, alone or together."""
    import pandas as pd

    if len(data.features) > 2000:
        return []
    columns = {
        name: pd.Series(data.x[data.development, j].astype(np.float64))
        for j, name in enumerate(data.features)
    }
    alone, together = leakage.suspected_leaks(columns, data.y[data.development], data.task == "classify")
    return [*alone, *together]
