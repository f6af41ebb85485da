"""Scores of a constant prediction: the class shares, or the mean target, of the training rows."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from ravine.engines import precision_context
from ravine.execution.prepared_training import PreparedTraining
from ravine.networks import METRICS
from ravine.training import Rows

__all__ = ["constant_outputs", "constant_scores"]


def constant_scores(prepared: PreparedTraining, seeds: Sequence[int], test: bool = False) -> np.ndarray:
    """Return the score of the best constant prediction on the validation rows of each seed, [seed].

    The constant comes from the training rows of the seed. test: score the test rows in place of the
    validation rows. A score is NaN if the metric is not defined for a constant.
    """
    batches, plan = prepared.batches, prepared.plan
    scores = []
    for seed in seeds:
        data = batches.data(seed)
        rows = batches.test(seed) if test else data.valid
        outputs = np.tile(constant_outputs(data.train, plan.network.sizes[-1]), (len(rows.y), 1))
        with precision_context(plan.precision):
            outputs = outputs.astype(plan.precision)
            scale = np.asarray(data.target_scale, plan.precision)
            score = METRICS[plan.metric](jnp.asarray(outputs), rows.y, rows.weight, jnp.asarray(scale))
            scores.append(float(score))
    return np.array(scores)


def constant_outputs(train: Rows, outputs: int) -> np.ndarray:
    """Return the outputs [output] of the best constant: logarithms of the class shares, or the mean."""
    y = np.asarray(train.y)
    weight = np.ones(len(y)) if train.weight is None else np.asarray(train.weight, np.float64)
    if not np.issubdtype(y.dtype, np.integer):
        return np.array([np.average(y, weights=weight)])
    shares = np.bincount(y, weight, minlength=outputs) / weight.sum()
    return np.log(np.maximum(shares, 1e-12))
