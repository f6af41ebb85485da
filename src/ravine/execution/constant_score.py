"""The score and the loss of a constant prediction: class shares, or mean of the target, of training rows.

A network that is no better in both has learned nothing from its inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ravine.networks import LOSSES, METRICS
from ravine.statistics import failed_seeds
from ravine.training import Batches, Plan
from ravine.training.loop import Rows

__all__ = ["ConstantScores", "constant_scores", "failed_count"]

SMALLEST_SHARE = 1e-12  # of a class without training rows, whose logarithm must be finite


@dataclass(frozen=True)
class ConstantScores:
    """Scores and losses of a constant prediction on the validation rows of each seed, [seed] each."""

    scores: np.ndarray
    losses: np.ndarray


def constant_scores(plan: Plan, batches: Batches, seeds: Sequence[int]) -> ConstantScores:
    """Return score and loss of a constant prediction on the validation rows of each seed.

    plan: names metric and loss.
    """
    metric, loss = METRICS[plan.metric], LOSSES[plan.loss]
    classes = len(batches.dataset.classes or ())
    scores, losses = [], []
    for seed in seeds:
        data = batches.data(seed)
        rows = data.valid
        outputs = np.broadcast_to(_outputs(data.train, classes), (len(rows.y), max(1, classes)))
        scale = np.asarray(data.target_scale, outputs.dtype)
        scores.append(float(metric(outputs, rows.y, rows.weight, scale)))  # type: ignore[arg-type]
        losses.append(float(np.average(loss(outputs, rows.y), weights=rows.weight)))  # type: ignore[arg-type]
    return ConstantScores(np.array(scores), np.array(losses))


def failed_count(
    scores: np.ndarray, losses: np.ndarray | None, constants: ConstantScores | None, greater: bool
) -> int:
    """Return the number of failed seeds, as `ravine.statistics.failed_seeds` defines them.

    scores, losses: of each seed on the validation rows, [seed]. constants: None if they are not known.
    greater: whether a greater score is better.
    """
    if constants is None:
        return int(failed_seeds(scores, None, greater).sum())
    return int(failed_seeds(scores, constants.scores, greater, losses, constants.losses).sum())


def _outputs(train: Rows, classes: int) -> np.ndarray:
    """Return the outputs of a network that predicts class shares or the mean of training rows, [K]."""
    dtype = train.x.dtype
    if not classes:
        mean = np.average(train.y, weights=train.weight)
        return np.asarray([mean], dtype)
    counts = np.bincount(train.y, weights=train.weight, minlength=classes)
    shares = np.maximum(counts / counts.sum(), SMALLEST_SHARE)
    return np.asarray(np.log(shares), dtype)
