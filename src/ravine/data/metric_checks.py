"""Splits on which a metric has no value, refused before anything is trained.

    r2 = 1 - squared error / variance of the target        (1)   no value where the target is constant
    auc = pairs in the right order / all pairs             (2)   no value where one class is absent
    any weighted mean = sum of w x / sum of w              (3)   no value where all weights are 0

Else such a run would count as diverged, though training was sound. Rows of weight 0 count for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ravine.data.dataset import Dataset
from ravine.data.splits import split
from ravine.errors import DataError

__all__ = ["check_metric_defined", "refuse_unit"]

SINGLE = (1e-30, 1e30)
"""Spreads of a target whose errors float32 holds, from a millionth of it to a hundred million times it."""


def check_metric_defined(
    dataset: Dataset, metric: str | None, seeds: Iterable[int] = (), validation: float = 0.2
) -> None:
    """Raise DataError where the metric has no value on the test rows, or the validation rows of a seed."""
    name = (metric or "").strip().lower().replace("-", "_")
    _refuse(dataset, name, dataset.test, "the test rows", "other --test rows")
    if not _may_fail(dataset, name, validation):
        return
    for seed in seeds:
        rows = split(dataset, int(seed), validation).valid
        _refuse(dataset, name, rows, f"the validation rows of seed {seed}", "a larger --validation share")


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


def _may_fail(dataset: Dataset, name: str, validation: float) -> bool:
    """Tell whether some split could: most cannot, and need not be drawn."""
    if dataset.weights is not None:
        return True
    if name == "r2":
        commonest = np.unique(dataset.y[dataset.development], return_counts=True)[1].max()
        return bool(commonest >= int(validation * len(dataset.development)))
    return name == "auc" and dataset.groups is not None  # else stratified: no class is ever absent


def _refuse(dataset: Dataset, name: str, rows: np.ndarray, which: str, larger: str) -> None:
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
    if name == "r2" and y.min() == y.max():
        raise DataError(
            f"The metric 'r2' has no value on {which}.",
            f"Their target is {y[0]:g} in {_all(len(y))}, and r2 divides by its variance.",
            f"Use --metric rmse or mae, or {larger}.",
        )
    if name == "auc" and dataset.classes is not None and len(np.unique(y)) < 2:
        groups = " a finer --groups column," if dataset.groups is not None else ""
        raise DataError(
            f"The metric 'auc' has no value on {which}.",
            f"Their class is '{dataset.classes[y[0]]}' in {_all(len(y))}, and auc compares two.",
            f"Use --metric log_loss or accuracy,{groups} or {larger}.",
        )


def _all(rows: int) -> str:
    return "their only row" if rows == 1 else f"all {rows:,} rows"
