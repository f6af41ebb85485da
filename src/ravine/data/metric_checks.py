"""Checks before training that a metric is defined on the test rows and on the validation rows of every seed.

    r2 = 1 - squared error / variance of the target        (1)   undefined if the target is constant
    auc = row pairs in the right order / all row pairs     (2)   undefined if a class is absent
    mean of x = sum of w x / sum of w                      (3)   undefined if the event weights w add up to 0

Without these checks, a run whose metric is undefined would count as diverged. Rows of weight 0 are left out
of the checks. One more check refuses a target whose spread is too large or too small for float32.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np

from ravine.data.dataset import Dataset
from ravine.data.splits import split
from ravine.errors import DataError

__all__ = ["MetricProperties", "check_metric_defined", "check_target_scale"]

FLOAT32_SPREADS = (1e-30, 1e30)
"""Allowed standard deviations of a target in float32. Errors of 1e-6 to 1e8 times these deviations are
neither 0 nor infinite."""


class MetricProperties(Protocol):
    """Properties of a metric for the checks before training; `ravine.networks.metrics.Metric` has them."""

    @property
    def name(self) -> str:
        """Name of the metric."""

    @property
    def task(self) -> str:
        """Task of the metric, "classify" or "regress"."""

    @property
    def constant_target(self) -> str:
        """Reason why the metric is undefined if all targets are equal; "" if it is defined even then."""

    @property
    def alternatives(self) -> tuple[str, ...]:
        """Names of metrics of the same task that are defined even if all targets are equal."""


def check_metric_defined(
    dataset: Dataset, metric: MetricProperties | None, seeds: Iterable[int] = (), validation: float = 0.2
) -> None:
    """Raise DataError if a metric is undefined on the test rows, or on the validation rows of a seed.

    dataset      data set
    metric       metric; None checks only that the event weights do not add up to 0
    seeds        seeds of the splits into training and validation rows
    validation   share of the development rows that a split uses for validation
    """
    varies = metric if metric is not None and metric.constant_target and metric.task == dataset.task else None
    _refuse(dataset, varies, dataset.test, "the test rows", "other --test rows")
    if not _may_fail(dataset, varies, validation):
        return
    for seed in seeds:
        rows = split(dataset, int(seed), validation).valid
        _refuse(dataset, varies, rows, f"the validation rows of seed {seed}", "a larger --validation share")


def check_target_scale(dataset: Dataset, precision: str) -> None:
    """Raise DataError if errors in the unit of a regression target would be 0 or infinite in float32.

    In float32, the standard deviation of the target must lie between 1e-30 and 1e30. Nothing is checked for
    classes, or for another precision.
    """
    if dataset.task != "regress" or precision != "float32":
        return
    spread = float(np.std(dataset.y[dataset.development]))
    if not FLOAT32_SPREADS[0] <= spread <= FLOAT32_SPREADS[1]:
        raise DataError(
            f"The target '{dataset.target}' has a standard deviation of {spread:.2g}.",
            f"In float32 it must lie between {FLOAT32_SPREADS[0]:g} and {FLOAT32_SPREADS[1]:g}.",
            "Type --precision float64, or give the target in another unit.",
        )


def _may_fail(dataset: Dataset, varies: MetricProperties | None, validation: float) -> bool:
    """Return whether the metric can be undefined on a split, so that the splits must be drawn."""
    if dataset.weights is not None:
        return True
    if varies is None:
        return False
    if dataset.classes is None:
        largest = np.unique(dataset.y[dataset.development], return_counts=True)[1].max()
        return bool(largest >= int(validation * len(dataset.development)))
    return dataset.groups is not None  # without groups, every split holds all classes


def _refuse(
    dataset: Dataset, varies: MetricProperties | None, rows: np.ndarray, which: str, larger: str
) -> None:
    if dataset.weights is not None:
        weights = dataset.weights[rows]
        if not weights.sum():
            raise DataError(
                f"No metric has a value on {which}.",
                f"The weights of these {len(rows):,} rows add up to 0; their sum must differ from 0.",
                f"Use {larger}, or another --weights column.",
            )
        rows = rows[weights != 0]
    y = dataset.y[rows]
    if varies is None or y.min() != y.max():
        return
    target = f"target is {y[0]:g}" if dataset.classes is None else f"class is '{dataset.classes[y[0]]}'"
    groups = " a finer --groups column," if dataset.groups is not None else ""
    raise DataError(
        f"The metric '{varies.name}' has no value on {which}.",
        f"Their {target} in {_all(len(y))}, and {varies.constant_target}.",
        f"Use --metric {' or '.join(varies.alternatives)},{groups} or {larger}.",
    )


def _all(rows: int) -> str:
    """Return `all 7 rows`, or `their only row`."""
    return "their only row" if rows == 1 else f"all {rows:,} rows"
