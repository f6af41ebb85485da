"""Measurements of rows for verdicts: nearly equal rows, dependence on the order, wrong labels and targets.

The computations use NumPy. Where a measurement needs predictions of the network, they are an argument.
"""

from __future__ import annotations

import numpy as np

from ravine.data import Dataset
from ravine.training import Rows

__all__ = ["near_duplicates", "of_order", "unrelated_targets", "wrong_where_confident"]

NEAR = 0.02  # root mean square over the columns of the difference of two nearly equal rows, in deviations
EQUAL = 1e-5  # the same of two rows that are equal up to rounding
NEIGHBORS = 6  # nearest training rows of a row, to whose distances that of the nearest one is compared
CROWDED = 0.05  # share of the distance of the last of these; a nearest row beyond it is near by chance
MAX_PRODUCTS = 2e8  # multiplications of one search for nearly equal rows
MAX_QUERIES = 200  # rows that are looked up in the training rows
MAX_ORDER_COLUMNS = 200  # columns that are examined for a dependence on the order of rows
MAX_ORDER_ROWS = 20_000
BIN_ROWS = 20  # in each of the bins, at most MAX_BINS, into which a target of numbers is cut
MAX_BINS = 100
CONFIDENT_SHARE = 0.2  # of the rows that a class is predicted for, the most confident ones
MIN_CONFIDENT = 20  # rows; a class with fewer confident rows is not judged
LARGE_ERRORS = 0.1  # share of the largest errors, whose targets are compared with their predictions
MIN_TARGETS = 300  # rows; the slope of fewer than 30 large errors says little
MAX_PAIRED = 1000  # rows whose targets are compared with the predictions of all these rows


def near_duplicates(train: np.ndarray, queries: np.ndarray) -> tuple[float, int]:
    """Return the share of validation rows that nearly equal a training row, and the number of rows looked up.

    train [n, D]: training rows. queries [m, D]: validation rows, of which at most the first 200 are looked
    up. The difference of two rows is the root mean square over the columns, in standard deviations of the
    training rows.

    Two rows nearly equal each other if their difference is below 0.02. It must also be at most a twentieth of
    the difference to the sixth nearest training row, since rows in a dense region are close by chance. Rows
    that are equal up to rounding always count.
    """
    columns = max(1, train.shape[1])
    count = int(np.clip(MAX_PRODUCTS / (len(train) * columns), 50, MAX_QUERIES))
    if not len(queries) or not len(train):
        return 0.0, 0
    train, queries = np.asarray(train, np.float64), np.asarray(queries[:count], np.float64)
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    scale = np.where(deviation > 0, deviation, 1.0)
    train, queries = (((rows - mean) / scale).astype(np.float32) for rows in (train, queries))
    squares = np.einsum("nd,nd->n", train, train)
    near = np.zeros(len(queries), bool)
    count = min(NEIGHBORS, len(train))
    for first in range(0, len(queries), 100):
        some = queries[first : first + 100]
        distance = squares[None] - 2 * some @ train.T
        candidates = np.argpartition(distance, count - 1, axis=1)[:, :count]
        # the expansion of the square cancels for nearly equal rows, so the candidates are measured again
        exact = np.sort(np.sqrt(np.mean((train[candidates] - some[:, None]) ** 2, axis=2)), axis=1)
        crowded = exact[:, 0] > CROWDED * exact[:, -1]  # rows that are as near as others are no repetition
        near[first : first + 100] = (exact[:, 0] < NEAR) & ~(crowded & (exact[:, 0] > EQUAL))
    return float(near.mean()), len(queries)


def of_order(data: Dataset) -> dict[str, np.ndarray]:
    """Return measurements, by name, of how rows depend on their order in the file; empty with groups.

    neighbors [D]: correlation of a column with the same column of the next row. drift [D]: correlation of a
    column with the row number. sorted_by_target [1]: 1 if the target rises, falls or stands in blocks of
    classes, else 0. order_rows [1]: number of rows that were used.

    In a file that is sorted by its target, the mean over rows of the same class, or of nearly the same
    target, is first subtracted from each column. Only the first 200 columns and the first 20,000 rows that
    are no test rows are used. The result is also empty for fewer than 100 rows. With groups of related rows,
    rows depend on one another in any case.
    """
    rows = np.sort(data.development)[:MAX_ORDER_ROWS]
    if data.groups is not None or len(rows) < 100:
        return {}
    x = np.asarray(data.x[rows][:, :MAX_ORDER_COLUMNS], np.float64)
    known = np.isfinite(x)
    sums, numbers = np.where(known, x, 0).sum(axis=0), known.sum(axis=0)
    x = np.where(known, x, sums / np.maximum(numbers, 1))
    part = np.zeros(len(rows), np.int64)
    classes = data.task == "classify"
    in_target_order = _sorted_by_target(data.y[rows], classes)
    if in_target_order:
        part = _target_parts(data.y[rows], classes)
    counts = np.bincount(part)
    centered = np.empty_like(x)
    for j in range(x.shape[1]):
        centered[:, j] = x[:, j] - (np.bincount(part, x[:, j]) / np.maximum(counts, 1))[part]
    if classes:  # neighbors and drift within a class, in which sorting by class changes nothing
        order = np.argsort(part, kind="stable")
        centered, part = centered[order], part[order]
        follows = part[1:] == part[:-1]
        place = np.concatenate([np.linspace(-1, 1, n) for n in counts if n])
    else:
        follows, place = np.ones(len(rows) - 1, bool), np.linspace(-1, 1, len(rows))
    variance = np.mean(centered**2, axis=0)
    used = variance > 1e-12 * np.maximum(np.mean(x**2, axis=0), 1e-300)
    scale = np.where(used, variance, 1.0)
    neighbors = np.mean((centered[1:] * centered[:-1])[follows], axis=0) / scale
    drift = (place @ centered) / len(rows) / np.sqrt(scale * max(float(np.mean(place**2)), 1e-300))
    return {
        "neighbors": np.where(used, neighbors, 0.0),
        "drift": np.where(used, drift, 0.0),
        "sorted_by_target": np.array([float(in_target_order)]),
        "order_rows": np.array([float(len(rows))]),
    }


def _sorted_by_target(y: np.ndarray, classes: bool) -> bool:
    """Return whether rows are in the order of their target: in blocks of a class, or rising or falling."""
    if len(np.unique(y)) < 2:
        return False
    if classes:
        return bool(np.sum(y[1:] != y[:-1]) <= 2 * len(np.unique(y)))
    steps = np.diff(y)
    return bool(max(np.mean(steps >= 0), np.mean(steps <= 0)) > 0.95)


def _target_parts(y: np.ndarray, classes: bool) -> np.ndarray:
    """Return the class of each row [N], or the bin of its target, of bins with equal numbers of rows."""
    if classes:
        return np.asarray(y, np.int64)
    bins = max(1, min(MAX_BINS, len(y) // BIN_ROWS))
    edges = np.unique(np.quantile(y, np.linspace(0, 1, bins + 1)[1:-1]))
    return np.searchsorted(edges, y, side="right")


def wrong_where_confident(rows: Rows, outputs: np.ndarray) -> dict[str, np.ndarray]:
    """Return for each class the share of wrong labels among the most confident predictions of this class.

    Labels that are wrong at random are wrong also where the network is most confident. Where classes merely
    overlap, errors lie at their border, and confident predictions are right.

    rows: rows that the network was not trained on. outputs [m, K]: logits of the network for these m rows. Of
    the rows that are predicted as a class, the fifth with the highest probability is taken, at least 20 rows.
    The result has two arrays: `confident_wrong` [class], the share of rows with another label, weighted by
    the row weights, and `confident_rows` [class], the number of rows taken. A class with fewer than 20
    predicted rows has NaN and 0.
    """
    k = outputs.shape[1]
    y, predicted = np.asarray(rows.y), np.argmax(outputs, axis=1)
    shifted = outputs - outputs.max(axis=1, keepdims=True)
    confidence = -np.log(np.exp(shifted).sum(axis=1))  # log probability of the predicted class
    weight = np.ones(len(y)) if rows.weight is None else np.abs(np.asarray(rows.weight, np.float64))
    wrong, counts = np.full(k, np.nan), np.zeros(k)
    for label in range(k):
        members = np.flatnonzero(predicted == label)
        if len(members) < MIN_CONFIDENT:
            continue
        count = max(MIN_CONFIDENT, round(CONFIDENT_SHARE * len(members)))
        best = members[np.argsort(-confidence[members], kind="stable")[:count]]
        counts[label] = count
        if weight[best].sum() > 0:
            wrong[label] = float(np.average(y[best] != label, weights=weight[best]))
    return {"confident_wrong": wrong, "confident_rows": counts}


def unrelated_targets(rows: Rows, outputs: np.ndarray) -> dict[str, np.ndarray]:
    """Return numbers that show whether targets of a regression belong to other rows: `unrelated_targets` [4].

    y: targets of rows that the network was not trained on. outputs [m, 1]: predictions of the network. f: the
    linear function of the predictions that fits y best in least squares. The four numbers are

        share = P(abs(y - f) > c) / P(abs(y_i - f_j) > c),  i and j any two rows     (1)
        the standard error of the share
        slope of y on f over the tenth of the rows with the largest abs(y - f)      (2)
        the standard error of the slope

    The limit c is such that a tenth of all pairs (i, j) exceeds it. If a share q of the rows has the target
    of another row, (1) is about q or more. The slope (2) is about 1 if y is f plus an error that does not
    depend on f, however large the errors are. It is 0 or below if the targets belong to other rows. The
    result is empty for fewer than 300 rows, for equal predictions, and for predictions that are not finite.
    """
    y, f = np.asarray(rows.y, np.float64).ravel(), np.asarray(outputs, np.float64)[:, 0]
    weight = np.ones(len(y)) if rows.weight is None else np.abs(np.asarray(rows.weight, np.float64))
    if len(y) < MIN_TARGETS or not np.isfinite(f).all() or not weight.sum() > 0:
        return {}
    slope, _, y, f = _slope(y, f, weight)
    if not np.isfinite(slope):
        return {}
    f = slope * f
    error = np.abs(y - f)
    some = slice(MAX_PAIRED)
    pairs = np.abs(y[some, None] - f[None, some]).ravel()
    limit = _upper_quantile(pairs, np.outer(weight[some], weight[some]).ravel())
    above = float(weight @ (error > limit)) / float(weight.sum())
    rows_in_effect = float(weight.sum() ** 2 / (weight @ weight))
    large = error >= _upper_quantile(error, weight)
    slope, slope_error, _, _ = _slope(y[large], f[large], weight[large])
    if not np.isfinite(slope):
        return {}
    share_error = float(np.sqrt(above * (1 - above) / rows_in_effect)) / LARGE_ERRORS
    return {"unrelated_targets": np.array([above / LARGE_ERRORS, share_error, slope, slope_error])}


def _slope(y: np.ndarray, f: np.ndarray, weight: np.ndarray) -> tuple[float, float, np.ndarray, np.ndarray]:
    """Return the slope of `y` [m] on `f` [m] in least squares, its error, and both less their means.

    The slope is NaN for equal values of `f`.
    """
    used = f[weight > 0]
    if not len(used) or not np.ptp(used) > 0:
        return np.nan, np.nan, y, f
    w = weight / float(weight.sum())
    y, f = y - w @ y, f - w @ f
    spread = float(w @ f**2)
    slope = float(w @ (y * f)) / spread
    return slope, float(np.sqrt(np.sum((w * f * (y - slope * f)) ** 2))) / spread, y, f


def _upper_quantile(values: np.ndarray, weight: np.ndarray) -> float:
    """Return the value [m] that the share LARGE_ERRORS of the weight [m] exceeds or equals."""
    order = np.argsort(values)
    reached = np.cumsum(weight[order])
    return float(values[order[np.searchsorted(reached, (1 - LARGE_ERRORS) * reached[-1])]])
