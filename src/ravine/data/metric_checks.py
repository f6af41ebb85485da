"""Splits on which a metric has no value, refused before anything is trained.

    r2 = 1 - squared error / variance of the target        (1)   no value where the target is constant
    auc = pairs in the right order / all pairs             (2)   no value where one class is absent
    any weighted mean = sum of w x / sum of w              (3)   no value where all weights are 0

Else such a run would count as diverged, though training was sound. Rows of weight 0 count for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np

from ravine.data.dataset import Dataset
from ravine.data.splits import split
from ravine.errors import DataError

__all__ = ["ScoredBy", "check_metric_defined", "refuse_unit"]

SINGLE = (1e-30, 1e30)
"""Spreads of a target whose errors float32 holds, from a millionth of it to a hundred million times it."""


class ScoredBy(Protocol):
    """The facts of a metric that are needed here, as `ravine.networks.metrics.Metric` has them.

    constant_target: why it has no value where the target is constant, "" where it has one.
    alternatives: names of metrics of the same task that have one.
    """

    @property
    def name(self) -> str: ...
    @property
    def task(self) -> str: ...
    @property
    def constant_target(self) -> str: ...
    @property
    def alternatives(self) -> tuple[str, ...]: ...


def check_metric_defined(
    dataset: Dataset, metric: ScoredBy | None, seeds: Iterable[int] = (), validation: float = 0.2
) -> None:
    """Raise DataError where the metric has no value on the test rows, or the validation rows of a seed.

    metric: None for one that always has a value where rows have weight.
    """
    varies = metric if metric is not None and metric.constant_target and metric.task == dataset.task else None
    _refuse(dataset, varies, dataset.test, "the test rows", "other --test rows")
    if not _may_fail(dataset, varies, validation):
        return
    for seed in seeds:
        rows = split(dataset, int(seed), validation).valid
        _refuse(dataset, varies, rows, f"the validation rows of seed {seed}", "a larger --validation share")


def refuse_unit(dataset: Dataset, precision: str) -> None:
    """Raise DataError where errors in the target's own unit would be 0 or infinite in float32."""
    if dataset.task != "regress" or precision != "float32":
        return
    spread = float(np.std(dataset.y[dataset.development]))
    if not SINGLE[0] <= spread <= SINGLE[1]:
        raise DataError(
            f"The target '{dataset.target}' has a spread of {spread:.2g}.",
            "In float32 its errors would be 0 or infinite.",
            "Type --precision float64, or give the target in another unit.",
        )


def _may_fail(dataset: Dataset, varies: ScoredBy | None, validation: float) -> bool:
    """Tell whether some split could: most cannot, and need not be drawn."""
    if dataset.weights is not None:
        return True
    if varies is None:
        return False
    if dataset.classes is None:
        commonest = np.unique(dataset.y[dataset.development], return_counts=True)[1].max()
        return bool(commonest >= int(validation * len(dataset.development)))
    return dataset.groups is not None  # else stratified: no class is ever absent


def _refuse(dataset: Dataset, varies: ScoredBy | None, rows: np.ndarray, which: str, larger: str) -> None:
    if dataset.weights is not None:
        weights = dataset.weights[rows]
        if not weights.sum():
            raise DataError(
                f"No metric has a value on {which}.",
                f"The weights of these {len(rows):,} rows add up to 0.",
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
    return "their only row" if rows == 1 else f"all {rows:,} rows"
