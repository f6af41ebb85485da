"""A score on the test rows that is worse than on validation rows beyond chance, and the columns that differ.

    gap = mean validation score - mean test score        (1)   greater is better
    E^2 = T^2 + s^2 (v / d + 1 / n)                      (2)   E: standard error of the gap

s is the standard deviation of the validation scores over n seeds. T is the error of the test score: the
larger one of its standard error from resampled rows and s sqrt(v / t). There are v validation rows, t test
rows, and d development rows, which are training and validation rows together. With fewer than 3 seeds, s is
the standard error of the validation score from resampled rows.

The gap is beyond chance if it exceeds 4 E and the smallest difference that matters, and if the mean test
score is also worse than the validation score of the worst seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ravine.data import Dataset
from ravine.data.unlike_rows import UnlikeColumn, UnlikeRows, UnlikeTarget, unlike_rows
from ravine.execution.field_types import Pair
from ravine.execution.result_parts import MetricFacts, SplitSizes
from ravine.render.numbers import ScoreFormat, count, number, percent

__all__ = [
    "TestRows", "UnlikeColumnRow", "UnlikeTargetRow", "find_test_rows", "test_rows_sentence", "unlike_words",
]  # fmt: skip

ERRORS = 4.0  # of a gap that is not chance
MIN_SEEDS = 3  # of a standard deviation that is used
MAX_COLUMNS = 3  # in the sentence


@dataclass(frozen=True, kw_only=True)
class UnlikeColumnRow:
    """A column of the data whose values differ between the test rows and the other rows."""

    column: str
    """Name of the column."""
    distance: float
    """Kolmogorov-Smirnov distance of numbers, total variation distance of categories, from 0.1 to 1."""
    medians: Pair | None
    """Median of the other rows and of the test rows; null for a category."""
    missing: Pair
    """Share of missing values in the other rows and in the test rows."""
    new_levels: float
    """Share of the test rows with a category that no other row has."""


@dataclass(frozen=True, kw_only=True)
class UnlikeTargetRow:
    """A target whose values differ between the test rows and the other rows."""

    distance: float
    """Total variation distance of classes, Kolmogorov-Smirnov distance of numbers."""
    label: str | None
    """Class whose share differs most; null for numbers."""
    values: Pair
    """Share of this class, or median of the target, in the other rows and in the test rows."""


@dataclass(frozen=True, kw_only=True)
class TestRows:
    """A mean test score over seeds that is worse than the mean validation score by more than chance explains.

    The columns and the target whose values differ between test rows and other rows may be the reason.
    """

    __test__ = False  # a name that pytest would collect

    difference: float
    """Mean score on the test rows minus mean score on the validation rows."""
    error: float
    """Standard error of the difference."""
    n_seeds: int
    """Number of seeds."""
    columns: list[UnlikeColumnRow]
    """Columns whose values differ from those of the other rows, the largest distance first."""
    target: UnlikeTargetRow | None
    """Difference of the targets between test rows and other rows; null if chance explains the difference."""


def find_test_rows(
    dataset: Dataset,
    metric: MetricFacts,
    valid: Sequence[float | None],
    test: Sequence[float | None],
    split: SplitSizes,
    row_error: Callable[[str], float],
) -> TestRows | None:
    """Return how test rows differ from other rows if the test score is worse than expected, else None.

    metric: metric of the scores, with the smallest difference that matters. valid, test: validation and test
    scores of the same training on all seeds. split: numbers of training, validation and test rows. row_error:
    function that returns the standard error of one network's score on "validation" or "test" rows.
    """
    before, after = np.array(valid, np.float64), np.array(test, np.float64)
    both = np.isfinite(before) & np.isfinite(after)
    before, after = before[both], after[both]
    seeds = len(before)
    if not seeds:
        return None
    sign = 1.0 if metric.greater_is_better else -1.0
    gap = sign * float(np.mean(before) - np.mean(after))  # (1)
    worst = float(np.min(sign * before))
    if (
        gap <= 0
        or not metric.matters(float(np.mean(before)), float(np.mean(after)))
        or sign * float(np.mean(after)) >= worst
    ):
        return None
    deviation = float(np.std(before, ddof=1)) if seeds >= MIN_SEEDS else row_error("validation")
    on_test = max(row_error("test"), deviation * np.sqrt(split.validation / split.test))
    rows = split.train + split.validation
    error = float(np.sqrt(on_test**2 + deviation**2 * (split.validation / rows + 1 / seeds)))  # (2)
    if not gap > ERRORS * error:  # also if an error is not defined
        return None
    unlike = unlike_rows(dataset)
    return TestRows(
        difference=-sign * gap,
        error=error,
        n_seeds=seeds,
        columns=[_column(column) for column in unlike.columns],
        target=None if unlike.target is None else _target(unlike.target),
    )


def _column(found: UnlikeColumn) -> UnlikeColumnRow:
    return UnlikeColumnRow(
        column=found.column,
        distance=found.distance,
        medians=None if found.medians is None else list(found.medians),
        missing=list(found.missing),
        new_levels=found.new_levels,
    )


def _target(found: UnlikeTarget) -> UnlikeTargetRow:
    return UnlikeTargetRow(distance=found.distance, label=found.label, values=list(found.values))


def test_rows_sentence(found: TestRows, style: ScoreFormat) -> str:
    """Return the sentence on a test score that is worse than expected, with the columns that differ most.

    found: the test score and the differing columns. style: format of the scores.
    """
    amount = style.number(abs(found.difference)) + " points" * (style.step == "points")
    order = "lower" if found.difference < 0 else "higher"
    spread = f"beyond the spread of {count(found.n_seeds, 'seed')}" if found.n_seeds > 1 else "beyond chance"
    start = f"{style.metric} {amount} {order} than on validation rows ({spread})"
    if not found.columns and found.target is None:
        return (
            f"Test rows are harder than validation rows: {start}. No column differs; rows that belong "
            "together may lie in training and validation (--groups)."
        )
    return f"Test rows are unlike training rows: {start}; {'; '.join(unlike_words(found))}."


def unlike_words(unlike: TestRows | UnlikeRows) -> list[str]:
    """Return the differences of the columns that differ most, and of the target, in words."""
    parts = [_column_text(column) for column in unlike.columns[:MAX_COLUMNS]]
    if more := len(unlike.columns) - len(parts):
        parts.append(count(more, "more column"))
    if unlike.target is not None:
        parts.append(_target_text(unlike.target))
    return parts


test_rows_sentence.__test__ = False  # type: ignore[attr-defined]  # a name that pytest would collect


def _column_text(column: UnlikeColumnRow | UnlikeColumn) -> str:
    """Return the difference of one column in words."""
    if column.new_levels >= column.distance / 2:
        return (
            f"column {column.column}: {percent(column.new_levels)} of the rows hold categories that training "
            "rows do not"
        )
    missing = column.missing
    if abs(missing[1] - missing[0]) >= column.distance / 2:
        return (
            f"column {column.column}: {percent(missing[1])} missing, {percent(missing[0])} in training rows"
        )
    if column.medians is None:
        return f"column {column.column}: shares of its categories differ by {percent(column.distance)}"
    other, test = map(number, column.medians)
    if other == test:
        return f"column {column.column}: another spread, with equal medians"
    return f"column {column.column}: median {test}, {other} in training rows"


def _target_text(target: UnlikeTargetRow | UnlikeTarget) -> str:
    """Return the difference of the target in words."""
    other, test = target.values
    if target.label is None:
        return f"median of the target {number(test)}, {number(other)} in training rows"
    return f"shares of classes differ ({target.label}: {percent(test)}, {percent(other)} in training rows)"
