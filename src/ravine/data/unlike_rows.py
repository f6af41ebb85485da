"""Comparison of the test rows with the other rows: features and target whose distributions differ.

    D = max over c of abs(share of test rows with x <= c - share of the other rows with x <= c)     (1)
    V = 1/2 sum over k of abs(share of level k in the test rows - its share in the other rows)      (2)

A number or date x is compared by (1), the Kolmogorov-Smirnov distance; a category or class with levels k by
(2), the total variation distance. A missing category is a level of its own, and the shares of missing numbers
are compared by (2). A column counts as unlike if its distance is at least 0.1 and larger than chance
explains. The bounds of chance are

    D0 = sqrt(1/2 ln(2 / a) (1/n + 1/m))                                                            (3)
    V0 = 1/2 sum_k sqrt(p_k (1 - p_k) (1/n + 1/m)) + sqrt(1/2 ln(1 / a) (1/n + 1/m))                (4)

for n test rows and m other rows (numbers of groups, if the data have groups), with the share p_k of level k
in all rows. a is the probability that chance alone makes a distance exceed its bound: 0.001 divided by the
number of features and target together.

Source: Smirnov 1948 (3); McDiarmid 1989 (4).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ravine.data.dataset import Dataset

__all__ = ["MIN_DISTANCE", "UnlikeColumn", "UnlikeRows", "UnlikeTarget", "unlike_rows"]

MIN_DISTANCE = 0.1  # smallest distance that matters
CHANCE = 1e-3  # probability that chance makes one of all columns unlike
MAX_ROWS = 20_000  # of each part; more rows change nothing that matters


@dataclass(frozen=True)
class UnlikeColumn:
    """One feature column whose values differ between the test rows and the other rows.

    column       name of the column
    distance     largest significant distance: Kolmogorov-Smirnov distance of numbers, total variation of
                 categories, difference in the shares of missing values, or share of new categories
    medians      medians of the other rows and of the test rows, in the unit of the column; None for a
                 category, and if one of the two has no values
    missing      shares of missing values in the other rows and in the test rows
    new_levels   share of the test rows with a category that no other row has
    """

    column: str
    distance: float
    medians: tuple[float, float] | None
    missing: tuple[float, float]
    new_levels: float


@dataclass(frozen=True)
class UnlikeTarget:
    """A target whose values differ between the test rows and the other rows.

    distance   total variation distance of classes, Kolmogorov-Smirnov distance of numbers
    label      the class whose share differs most; None for numbers
    values     share of this class, or median of the target, in the other rows and in the test rows
    """

    distance: float
    label: str | None
    values: tuple[float, float]


@dataclass(frozen=True)
class UnlikeRows:
    """Features and target whose values differ between the test rows and the other rows.

    columns: the features that differ, largest distance first. target: the difference of the target, or None.
    """

    columns: tuple[UnlikeColumn, ...]
    target: UnlikeTarget | None

    def __bool__(self) -> bool:
        return bool(self.columns) or self.target is not None


def unlike_rows(dataset: Dataset) -> UnlikeRows:
    """Return the features and the target whose values differ between test rows and development rows.

    Event weights are ignored. If the test rows are drawn at random, chance alone causes a report in about one
    of 1,000 data sets or fewer.
    """
    other, test = _some(dataset.development), _some(dataset.test)
    spread = 1 / _units(dataset, other) + 1 / _units(dataset, test)
    level = CHANCE / (len(dataset.encoder.columns) + 1)
    columns = sorted(_columns(dataset, other, test, spread, level), key=lambda column: -column.distance)
    return UnlikeRows(tuple(columns), _target(dataset, other, test, spread, level))


def _some(rows: np.ndarray) -> np.ndarray:
    """Return at most `MAX_ROWS` of the rows [n], chosen at random."""
    return rows if len(rows) <= MAX_ROWS else np.random.default_rng(0).choice(rows, MAX_ROWS, replace=False)


def _units(dataset: Dataset, rows: np.ndarray) -> int:
    """Return the number of independent units among the rows: groups, if there are groups."""
    return len(rows) if dataset.groups is None else len(np.unique(dataset.groups[rows]))


def _columns(
    dataset: Dataset, other: np.ndarray, test: np.ndarray, spread: float, level: float
) -> Iterator[UnlikeColumn]:
    """Yield the columns that are unlike. spread: 1/n + 1/m. level: a of (3) and (4)."""
    at = 0
    for column in dataset.encoder.columns:
        places = slice(at, at + len(column.outputs))
        at += len(column.outputs)
        a, b = dataset.x[other, places], dataset.x[test, places]
        if column.kind == "category":
            new = dataset.new_levels.get(column.name, 0.0)
            counts = [np.append(part.sum(axis=0), np.sum(part.sum(axis=1) == 0)) for part in (a, b)]
            distance = _variation(counts[0], counts[1], spread, level)
            gaps = [float(part[:, -1].mean()) if column.missing else 0.0 for part in (a, b)]
            # The encoder counts a new category among the rare ones, if there are rare ones.
            distance = max(distance, new if new >= max(MIN_DISTANCE, _bound(spread, level)) else 0.0)
            medians = None
        else:
            new, missing = 0.0, [np.isnan(part[:, 0]) for part in (a, b)]
            gaps = [float(part.mean()) for part in missing]
            present = [part[~gap, 0].astype(np.float64) for part, gap in zip((a, b), missing, strict=True)]
            absent = [np.array([gap.sum(), (~gap).sum()]) for gap in missing]
            distance = _variation(absent[0], absent[1], spread, level) if any(gaps) else 0.0
            medians = None
            if all(map(len, present)):
                factors = [len(part) / len(whole) for part, whole in zip(present, (a, b), strict=True)]
                distance = max(distance, _distance(present[0], present[1], spread / min(factors), level))
            if distance and all(map(len, present)):
                low, high = (float(np.median(part)) * column.scale + column.center for part in present)
                medians = low, high
        gap = dataset.new_gaps.get(column.name, 0.0)  # the encoder has filled these gaps
        if gap >= max(MIN_DISTANCE, _bound(spread, level)):
            distance, gaps = max(distance, gap), [0.0, gap]
        if distance:
            yield UnlikeColumn(column.name, distance, medians, (gaps[0], gaps[1]), new)


def _target(
    dataset: Dataset, other: np.ndarray, test: np.ndarray, spread: float, level: float
) -> UnlikeTarget | None:
    """Return the difference of the targets, or None if it is within the bounds of chance."""
    a, b = dataset.y[other], dataset.y[test]
    if dataset.classes is None:
        distance = _distance(a, b, spread, level)
        medians = float(np.median(a)), float(np.median(b))
        return UnlikeTarget(distance, None, medians) if distance else None
    counts = [np.bincount(part, minlength=len(dataset.classes)) for part in (a, b)]
    distance = _variation(counts[0], counts[1], spread, level)
    if not distance:
        return None
    shares = [part / part.sum() for part in counts]
    most = int(np.argmax(np.abs(shares[1] - shares[0])))
    return UnlikeTarget(
        distance, str(dataset.classes[most]), (float(shares[0][most]), float(shares[1][most]))
    )


def _bound(spread: float, level: float) -> float:
    """Return the bound of chance for one share, the second part of (4)."""
    return float(np.sqrt(0.5 * np.log(1 / level) * spread))


def _distance(a: np.ndarray, b: np.ndarray, spread: float, level: float) -> float:
    """Return D of the values `a` [n] and `b` [m]; 0 if D is below 0.1 or within the bound of chance."""
    a, b = np.sort(a), np.sort(b)
    above = np.arange(1, len(a) + 1) / len(a) - np.searchsorted(b, a, side="right") / len(b)
    below = np.arange(1, len(b) + 1) / len(b) - np.searchsorted(a, b, side="right") / len(a)
    found = float(
        max(above.max(), below.max())
    )  # (1): each share is largest over the other at its own values
    limit = np.sqrt(0.5 * np.log(2 / level) * spread)  # (3)
    return found if found >= max(MIN_DISTANCE, limit) else 0.0


def _variation(a: np.ndarray, b: np.ndarray, spread: float, level: float) -> float:
    """Return V of the counts `a` [level] and `b` [level]; 0 if V is below 0.1 or explained by chance."""
    found = float(np.sum(np.abs(a / a.sum() - b / b.sum())) / 2)  # (2)
    share = (a + b) / (a + b).sum()
    limit = 0.5 * np.sum(np.sqrt(share * (1 - share) * spread)) + _bound(spread, level)  # (4)
    return found if found >= max(MIN_DISTANCE, limit) else 0.0
