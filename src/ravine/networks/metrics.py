"""How a trained network is scored, on outputs [N, K] against targets [N], optionally weighted by row.

Regression outputs and targets are standardised; `unit`, the standard deviation of the target in the training
split, brings errors back to the target's own unit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp

from ravine.errors import UsageError, did_you_mean
from ravine.networks.losses import cross_entropy, squared_error, weighted_mean

__all__ = ["METRICS", "Metric", "default_metric", "metric"]

Function = Callable[[jax.Array, jax.Array, jax.Array | None, jax.Array], jax.Array]


@dataclass(frozen=True)
class Metric:
    """A score. function(outputs [N, K], target [N], weight [N] | None, unit []) -> [].

    bounds: what it cannot lie beyond, with weights that are not negative.
    """

    name: str
    task: str
    greater_is_better: bool
    function: Function
    bounds: tuple[float, float]
    binary: bool = False

    def __call__(
        self, outputs: jax.Array, target: jax.Array, weight: jax.Array | None, unit: jax.Array
    ) -> jax.Array:
        return self.function(outputs, target, weight, unit)


def _accuracy(z: jax.Array, y: jax.Array, w: jax.Array | None, unit: jax.Array) -> jax.Array:
    right = (jnp.argmax(z, axis=1).astype(y.dtype) == y).astype(z.dtype)
    return jnp.where(jnp.all(jnp.isfinite(z)), weighted_mean(right, w), jnp.nan)


def _balanced_accuracy(z: jax.Array, y: jax.Array, w: jax.Array | None, unit: jax.Array) -> jax.Array:
    right = (jnp.argmax(z, axis=1).astype(y.dtype) == y).astype(z.dtype)
    weight = jnp.ones_like(right) if w is None else w
    of_class = jnp.where(y[:, None] == jnp.arange(z.shape[1], dtype=y.dtype)[None, :], weight[:, None], 0)
    total = jnp.sum(of_class, axis=0)
    recall = jnp.sum(of_class * right[:, None], axis=0) / jnp.where(total > 0, total, 1)
    mean = jnp.sum(recall) / jnp.sum((total > 0).astype(z.dtype))  # of the classes that occur
    return jnp.where(jnp.all(jnp.isfinite(z)), mean, jnp.nan)


def _log_loss(z: jax.Array, y: jax.Array, w: jax.Array | None, unit: jax.Array) -> jax.Array:
    return weighted_mean(cross_entropy(z, y), w)


def _auc(z: jax.Array, y: jax.Array, w: jax.Array | None, unit: jax.Array) -> jax.Array:
    """Area under the ROC curve: share of (positive, negative) pairs in the right order, ties one half."""
    score = z[:, 1] - z[:, 0]
    order = jnp.argsort(score)
    score, y = score[order], y[order]
    weight = jnp.ones_like(score) if w is None else w[order]
    positive, negative = jnp.where(y == 1, weight, 0), jnp.where(y == 1, 0, weight)
    below = jnp.concatenate([jnp.zeros((1,), score.dtype), jnp.cumsum(negative)])
    first = jnp.searchsorted(score, score, side="left")
    last = jnp.searchsorted(score, score, side="right")
    pairs = jnp.sum(positive * (below[first] + below[last]) / 2)
    area = pairs / (jnp.sum(positive) * jnp.sum(negative))
    return jnp.where(jnp.all(jnp.isfinite(score)), area, jnp.nan)


def _rmse(z: jax.Array, y: jax.Array, w: jax.Array | None, unit: jax.Array) -> jax.Array:
    return jnp.sqrt(weighted_mean(squared_error(z, y), w)) * unit


def _mae(z: jax.Array, y: jax.Array, w: jax.Array | None, unit: jax.Array) -> jax.Array:
    return weighted_mean(jnp.abs(z[:, 0] - y), w) * unit


def _r2(z: jax.Array, y: jax.Array, w: jax.Array | None, unit: jax.Array) -> jax.Array:
    spread = weighted_mean((y - weighted_mean(y, w)) ** 2, w)
    return 1 - weighted_mean(squared_error(z, y), w) / spread


METRICS: dict[str, Metric] = {
    each.name: each
    for each in (
        Metric("accuracy", "classify", True, _accuracy, (0, 1)),
        Metric("balanced_accuracy", "classify", True, _balanced_accuracy, (0, 1)),
        Metric("log_loss", "classify", False, _log_loss, (0, math.inf)),
        Metric("auc", "classify", True, _auc, (0, 1), binary=True),
        Metric("rmse", "regress", False, _rmse, (0, math.inf)),
        Metric("mae", "regress", False, _mae, (0, math.inf)),
        Metric("r2", "regress", True, _r2, (-math.inf, 1)),
    )
}


def default_metric(task: str) -> str:
    """Return the metric used when none is asked for: accuracy, or root mean squared error."""
    return "accuracy" if task == "classify" else "rmse"


def metric(name: str | None, task: str, classes: int = 0) -> Metric:
    """Return the metric of that name for the task. Raises UsageError where it does not fit."""
    name = (name or default_metric(task)).strip().lower().replace("-", "_")
    fitting = [each.name for each in METRICS.values() if each.task == task]
    if name not in METRICS:
        raise UsageError(f"There is no metric '{name}'.", "", did_you_mean(name, fitting))
    found = METRICS[name]
    if found.task != task:
        kind = "classification" if task == "classify" else "regression"
        raise UsageError(
            f"The metric '{name}' does not fit {kind}.", "", f"Choose from {', '.join(fitting)}."
        )
    if found.binary and classes != 2:
        raise UsageError(
            f"The metric '{name}' needs two classes, and there are {classes}.",
            "",
            "Choose accuracy, balanced_accuracy or log_loss.",
        )
    return found
