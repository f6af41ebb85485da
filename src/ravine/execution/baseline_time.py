"""An estimate of the time that baselines take: the import of scikit-learn, and the fits of all models."""

from __future__ import annotations

import numpy as np

from ravine.baselines import BASELINES, Size, find_baseline
from ravine.data import Dataset
from ravine.execution.machine_speed import at_this_speed

__all__ = ["baseline_seconds"]

IMPORT_S = 1.5  # scikit-learn, and all that does not depend on the data
MAX_BINS = 255
BINNED_ROWS = 2_000  # rows in which different values are counted


def baseline_seconds(dataset: Dataset, training_rows: int, seeds: int) -> float:
    """Return the estimated seconds to import scikit-learn and to fit all baselines to a data set.

    training_rows: number of training rows of one seed. seeds: number of seeds on which networks are scored.
    """
    size = Size(training_rows, dataset.x.shape[1], len(dataset.classes or ()))
    values = dataset.x[dataset.development[:BINNED_ROWS]]
    bins = sum(min(MAX_BINS, len(np.unique(column))) for column in values.T)  # over all inputs
    fits = sum(find_baseline(name).seconds(size, bins, seeds) for name in BASELINES)
    return at_this_speed(IMPORT_S + fits)
