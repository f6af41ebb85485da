"""A metric without a value on some split is refused before training, and only then."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ravine.data import from_arrays, split
from ravine.data.metric_checks import check_metric_defined
from ravine.errors import DataError
from ravine.networks import METRICS, find_metric

N = 100
X = np.random.default_rng(0).normal(size=(N, 2))
GROUPS = np.arange(N) // 5
RARE = (GROUPS % 10 == 0).astype(int)  # class 1 in two of 20 groups
SEEDS = range(20)
MOSTLY_0 = np.where(np.arange(N) % 25 == 0, 1.5, 0.0)


def sound(values):
    """Whether r2 or auc has a value: more than one distinct target."""
    return len(np.unique(values)) > 1


def grouped():
    """A data set with both classes in the test rows, and some validation parts of one class."""
    for seed in range(50):
        try:
            data = from_arrays(X, RARE, groups=GROUPS, seed=seed)
        except DataError:  # a class only in test rows
            continue
        if sound(data.y[data.test]):
            return data
    raise AssertionError("no seed fits")


@pytest.mark.parametrize("case", ["auc", "r2"])
def test_just_the_seeds_without_a_value_are_refused(case):
    if case == "auc":
        data = grouped()
    else:
        data = from_arrays(X, MOSTLY_0, task="regress")
        data = dataclasses.replace(data, test=np.arange(N))
    bad = [seed for seed in SEEDS if not sound(data.y[split(data, seed).valid])]
    assert 0 < len(bad) < len(SEEDS)
    for seed in SEEDS:
        if seed not in bad:
            check_metric_defined(data, METRICS[case], [seed])
            continue
        with pytest.raises(
            DataError, match=f"'{case}' has no value on the validation rows of seed {seed}"
        ) as e:
            check_metric_defined(data, METRICS[case], [seed])
        assert e.value.why and "--metric" in e.value.fix and "--validation" in e.value.fix
    for other in ("accuracy", "log_loss", None) if case == "auc" else ("rmse", "mae", None):
        check_metric_defined(data, find_metric(other), SEEDS)


@pytest.mark.parametrize(
    ("metric", "y", "task"), [("auc", RARE, "classify"), ("R2", MOSTLY_0, "regress")], ids=["auc", "r2"]
)
def test_test_rows_without_a_value_are_refused(metric, y, task):
    same = np.flatnonzero(y == 0)[:7]
    data = from_arrays(X, y, task=task, test=(X[same], y[same]))
    with pytest.raises(DataError, match="on the test rows") as e:
        check_metric_defined(data, find_metric(metric))
    assert "all 7 rows" in e.value.why and "--test" in e.value.fix
    check_metric_defined(data, METRICS["accuracy" if task == "classify" else "rmse"])


def test_rows_of_no_weight_do_not_count():
    weights = np.where(RARE == 1, 0.0, 1.0)
    data = from_arrays(X, RARE, weights=weights)
    with pytest.raises(DataError, match=r"'auc' has no value.*'0' in all"):
        check_metric_defined(data, METRICS["auc"], [0])
    check_metric_defined(data, METRICS["accuracy"], SEEDS)
    cancelling = np.where(np.arange(N) % 2, 1.0, -1.0)
    data = dataclasses.replace(from_arrays(X, RARE), weights=cancelling, test=np.arange(20))
    with pytest.raises(DataError, match="add up to 0"):
        check_metric_defined(data, METRICS["accuracy"])


def test_stratified_splits_always_have_a_value():
    data = from_arrays(X, RARE)
    check_metric_defined(data, METRICS["auc"], SEEDS)
    assert all(sound(data.y[split(data, seed).valid]) for seed in SEEDS)
