"""Measurements of data for verdicts: columns, classes, leaks, test rows, loss of a constant prediction."""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

from ravine.data import Dataset
from ravine.data.leakage import find_leaks
from ravine.data.unlike_rows import unlike_rows
from ravine.diagnostics import expected_sign_agreement
from ravine.execution.constant_score import constant_outputs
from ravine.execution.test_rows import unlike_words
from ravine.networks import LOSSES, find_loss
from ravine.training import Rows

__all__ = [
    "UnlikeTestRows", "constant_loss", "constant_rows", "of_classes", "of_inputs", "suspected_leaks",
    "unlike_test_rows",
]  # fmt: skip


def constant_loss(train: Rows, task: str, outputs: int, loss: str) -> float:
    """Return the smallest loss that a prediction which is equal for all training rows can have.

    For classes it is the entropy of the class shares, for numbers the mean squared difference from the mean
    target. For a loss of a Python file it is the loss of the class shares, or of the mean target. Rows count
    by their weights. task: "classify" or "regress". outputs: number of classes. loss: name of the loss.
    """
    weight, y = _weights(train), np.asarray(train.y)
    if loss not in LOSSES:
        losses = _own_losses(loss, _constants(train, y, task, outputs), train)
        return float(np.average(losses, weights=weight))
    if task == "classify":
        share = np.bincount(y, weight, minlength=outputs) / weight.sum()
        share = share[share > 0]
        return float(-np.sum(share * np.log(share)))
    mean = np.average(y, weights=weight)
    return float(np.average((y - mean) ** 2, weights=weight))


def of_inputs(train: Rows) -> dict[str, np.ndarray]:
    """Return measurements of the inputs of the network on the first 4,096 training rows, by name.

    column_mean, column_sd: mean and standard deviation of each input [D]. agreement: expected share of pairs
    of weights of a first-layer unit whose gradients have equal signs. column_condition: condition number of
    the matrix of second moments of the inputs. The last two are numbers [], NaN if they are not defined.
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


def constant_rows(
    train: Rows, valid: Rows, task: str, outputs: int, loss: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return outputs [m, K] and losses [m] of a constant prediction on validation rows.

    The constant is the best one on the training rows. For classes, the outputs are logarithms of class shares
    and the losses cross-entropies. For numbers, they are the mean target and squared errors. A loss of a
    Python file takes the same outputs. task: "classify" or "regress". outputs: number of classes. loss: name
    of the loss.
    """
    y = np.asarray(valid.y)
    constant = _constants(train, y, task, outputs)
    if loss not in LOSSES:
        return constant, _own_losses(loss, constant, valid)
    return constant, -constant[np.arange(len(y)), y] if task == "classify" else (y - constant[:, 0]) ** 2


def _constants(train: Rows, y: np.ndarray, task: str, outputs: int) -> np.ndarray:
    """Return the outputs of a constant prediction for each target in y [m], [m, K]."""
    return np.tile(constant_outputs(train, outputs if task == "classify" else 0), (len(y), 1))


def _own_losses(loss: str, outputs: np.ndarray, rows: Rows) -> np.ndarray:
    """Return the losses [m] of outputs [m, K] by a loss of a Python file."""
    y = jnp.asarray(rows.y)
    return np.asarray(find_loss(loss)(jnp.asarray(outputs.astype(rows.x.dtype)), y), np.float64)


def of_classes(task: str, train: Rows, valid: Rows, outputs: np.ndarray) -> dict[str, np.ndarray]:
    """Return sizes and recall of each class [class], and the share [] of contradicting labels, by name.

    counts, class_weights: sum of the weights of the training rows, and of the validation rows, of each class;
    a row without weight counts 1. valid_counts: number of validation rows of each class. recall: share of the
    validation rows of a class, by weight, that the network assigns to it. contradicting: share of training
    rows whose label is not the most frequent one among rows with equal inputs; rows count by the absolute
    value of their weight. The result is empty for a regression.

    task: "classify" or "regress". outputs [m, class]: outputs of the network on the validation rows.
    """
    if task != "classify":
        return {}
    k = outputs.shape[1]
    y, predicted, weight = np.asarray(valid.y), np.argmax(outputs, axis=1), _weights(valid)
    right = np.bincount(y, weight * (predicted == y), minlength=k)
    class_weights = np.bincount(y, weight, minlength=k)
    return {
        "counts": np.bincount(np.asarray(train.y), _weights(train), minlength=k),
        "valid_counts": np.bincount(y, minlength=k),
        "class_weights": class_weights,
        "recall": right / np.where(class_weights > 0, class_weights, 1),
        "contradicting": np.array(_contradicting(train)),
    }


def _weights(rows: Rows) -> np.ndarray:
    """Return the weights [N] of rows; 1 for rows without weights."""
    return np.ones(len(rows.y)) if rows.weight is None else np.asarray(rows.weight, np.float64)


def _contradicting(rows: Rows) -> float:
    """Return the share of training rows with a label that rows with the same inputs contradict.

    A label counts if it is not the most frequent label among all rows with the same inputs. Rows count by the
    absolute value of their weight.
    """
    weight = np.abs(_weights(rows))
    _, group = np.unique(np.asarray(rows.x), axis=0, return_inverse=True)
    counts = np.zeros((group.max() + 1, int(np.max(rows.y)) + 1))  # [group of equal inputs, label]
    np.add.at(counts, (group.ravel(), np.asarray(rows.y)), weight)
    return float(1 - counts.max(axis=1).sum() / weight.sum())


def suspected_leaks(data: Dataset) -> tuple[list[str], dict[str, list[str]]]:
    """Return columns that predict the target almost without error, and columns that separate single classes.

    The first result lists the names of columns that give the target away, alone or together. The second
    result maps other columns to the labels of the classes that they alone separate from all other classes.
    With two classes, such columns are in the first list, because they give the target away. Data with more
    than 2,000 columns are not examined.
    """
    if len(data.features) > 2000:
        return [], {}
    columns = {name: data.x[data.development, j].astype(np.float64) for j, name in enumerate(data.features)}
    y, classes = data.y[data.development], data.classes
    found = find_leaks(columns, y, classes is not None)
    leaks, separating = [*found.alone, *found.together], found.separating
    if classes is None:
        return leaks, {}
    if len(classes) == 2:
        return [*leaks, *separating], {}
    return leaks, {name: [str(classes[k]) for k in marked] for name, marked in separating.items()}


@dataclass(frozen=True)
class UnlikeTestRows:
    """Columns, and the target, that differ between test rows and other rows.

    distances: distance by name, the largest first; 0 for equal distributions, 1 for disjoint ones. Only those
    of at least 0.1 are listed that chance does not explain. words: the largest of these differences in words.
    rows: number of test rows; 0 if they were not compared.
    """

    distances: dict[str, float]
    words: list[str]
    rows: int


def unlike_test_rows(data: Dataset) -> UnlikeTestRows:
    """Return how columns and target of the test rows differ from those of the other rows."""
    if not len(data.test) or not len(data.development):
        return UnlikeTestRows({}, [], 0)
    found = unlike_rows(data)
    distances = {column.column: column.distance for column in found.columns}
    if found.target is not None:
        distances[data.target] = found.target.distance
    ordered = dict(sorted(distances.items(), key=lambda item: -item[1]))
    return UnlikeTestRows(ordered, unlike_words(found), len(data.test))
