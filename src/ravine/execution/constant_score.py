"""The score and the loss of a constant prediction: the class shares or the mean target of the training rows.

A network that is no better than this constant, in score and in loss, has learned nothing from its inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np

from ravine.baselines.constant import share_logits
from ravine.engines import precision_context
from ravine.networks import METRICS, find_loss
from ravine.statistics import failed_seeds
from ravine.training import Batches, Plan, Rows

__all__ = ["ConstantScores", "constant_outputs", "constant_scores", "failed_count"]


@dataclass(frozen=True)
class ConstantScores:
    """Scores and losses of a constant prediction on the validation or test rows of each seed, [seed] each.

    A score is NaN if the metric is not defined for a constant.
    """

    scores: np.ndarray
    losses: np.ndarray


def constant_scores(plan: Plan, batches: Batches, seeds: Sequence[int], test: bool = False) -> ConstantScores:
    """Return score and loss of a constant prediction on the validation rows of each seed, [seed] each.

    The prediction is the class shares, or the mean target, of the training rows of the seed. plan: names
    metric, loss and precision. test: use the test rows in place of the validation rows.
    """
    measured = _measured(plan.metric, plan.loss)
    classes = len(batches.dataset.classes or ())
    scores, losses = [], []
    for seed in seeds:
        rows = batches.test(seed) if test else batches.valid_rows(seed)
        with precision_context(plan.precision):
            constant = constant_outputs(batches.train_targets(seed), classes).astype(plan.precision)
            outputs = jnp.tile(jnp.asarray(constant), (len(rows.y), 1))
            scale = jnp.asarray(batches.scaling_of(seed).target_scale, plan.precision)
            score, row_losses = measured(outputs, rows.y, rows.weight, scale)
            scores.append(float(score))
            losses.append(float(np.average(row_losses, weights=rows.weight)))
    return ConstantScores(np.array(scores), np.array(losses))


@cache
def _measured(metric: str, loss: str) -> Callable[..., tuple[jax.Array, jax.Array]]:
    """Return a program of outputs, targets, weights and scale that gives the score and the loss of each row.

    One program compiles faster than each of its operations alone.
    """
    return jax.jit(
        lambda outputs, y, weight, scale: (
            METRICS[metric](outputs, y, weight, scale),
            find_loss(loss)(outputs, y),
        )
    )


def failed_count(
    scores: np.ndarray, losses: np.ndarray | None, constants: ConstantScores | None, greater: bool
) -> int:
    """Return how many seeds failed: diverged, learned no more than a constant, or ended far below the others.

    `ravine.statistics.failed_seeds` defines the conditions. scores, losses: validation scores and losses of
    the networks, [seed]. constants: those of a constant prediction; without them, only diverged runs count.
    greater: whether a greater score is better.
    """
    if constants is None:
        return int(failed_seeds(scores, None, greater).sum())
    return int(failed_seeds(scores, constants.scores, greater, losses, constants.losses).sum())


def constant_outputs(train: Rows, classes: int) -> np.ndarray:
    """Return the outputs [K] of a constant prediction: logits of the class shares, or the mean target.

    train: training rows, from which shares and mean are computed. classes: number of classes, 0 for a
    regression.
    """
    y = np.asarray(train.y)
    weight = None if train.weight is None else np.asarray(train.weight, np.float64)
    if classes:
        return share_logits(y, weight, classes)
    return np.array([np.average(y.astype(np.float64), weights=weight)])
