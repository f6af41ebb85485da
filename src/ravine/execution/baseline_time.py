"""The estimated time of the baselines. Almost all of it is taken by the boosted trees.

seconds of a tree = leaves x inputs x bins x BIN_S + rows x ROW_S
"""

from __future__ import annotations

import numpy as np

from ravine.baselines import Size, find_baseline
from ravine.baselines.trees import TREE_COUNT
from ravine.data import Dataset

__all__ = ["baseline_seconds"]

IMPORT_S = 1.5  # scikit-learn
BIN_S, ROW_S = 1e-8, 2e-7  # of scikit-learn's histogram gradient boosting on one core of an AMD EPYC
MAX_BINS = 255
BINNED_ROWS = 2_000  # rows in which different values are counted


def baseline_seconds(dataset: Dataset, training_rows: int, seeds: int) -> float:
    """Return the estimated seconds of all baselines of a data set.

    training_rows: rows of one seed. seeds: number of seeds of the networks' scores.
    """
    trees = find_baseline("boosted trees")
    size = Size(training_rows, dataset.x.shape[1], len(dataset.classes or ()))
    plan = trees.plan(size)
    rows, looks, fits = plan.rows, plan.looks, min(seeds, plan.seeds)
    if not rows:
        return IMPORT_S
    values = dataset.x[dataset.development[:BINNED_ROWS]]
    bins = sum(min(MAX_BINS, len(np.unique(column))) for column in values.T)  # over all inputs
    most: dict[tuple[float, float], float] = {}  # trees to fit by (learning rate, leaves)
    for look in looks:
        shape = look["learning_rate"], look["leaves"]
        most[shape] = max(most.get(shape, 0.0), look[TREE_COUNT])

    def seconds(leaves: float) -> float:
        return leaves * bins * BIN_S + rows * ROW_S

    tuning = plan.tuning_seeds * sum(count * seconds(leaves) for (_, leaves), count in most.items())
    usual = looks[0][TREE_COUNT]
    evaluation = fits * usual * seconds(float(np.mean([leaves for _, leaves in most])))
    return IMPORT_S + size.outputs * (tuning + evaluation)
