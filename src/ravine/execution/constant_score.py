"""The score of a constant prediction: class shares, or mean of the target, of the training rows.

A network that scores no better has learned nothing from its inputs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ravine.networks import Metric
from ravine.training import Batches
from ravine.training.loop import Rows

__all__ = ["constant_scores"]

SMALLEST_SHARE = 1e-12  # of a class without training rows, whose logarithm must be finite


def constant_scores(metric: Metric, batches: Batches, seeds: Sequence[int]) -> np.ndarray:
    """Return the score of a constant prediction on the validation rows of each seed, [seed]."""
    classes = len(batches.dataset.classes or ())
    scores = []
    for seed in seeds:
        data = batches.data(seed)
        outputs = np.broadcast_to(_outputs(data.train, classes), (len(data.valid.y), max(1, classes)))
        score = metric(outputs, data.valid.y, data.valid.weight, np.asarray(data.target_scale, outputs.dtype))  # type: ignore[arg-type]
        scores.append(float(score))
    return np.array(scores)


def _outputs(train: Rows, classes: int) -> np.ndarray:
    """Return the outputs of a network that predicts class shares or the mean of training rows, [K]."""
    dtype = train.x.dtype
    if not classes:
        mean = np.average(train.y, weights=train.weight)
        return np.asarray([mean], dtype)
    counts = np.bincount(train.y, weights=train.weight, minlength=classes)
    shares = np.maximum(counts / counts.sum(), SMALLEST_SHARE)
    return np.asarray(np.log(shares), dtype)
