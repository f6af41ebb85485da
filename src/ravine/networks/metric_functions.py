"""The metric functions: the score of a network on rows, from its outputs and the targets.

All functions take outputs z [N, K], targets y [N], row weights w [N] or None, and the scalar target_scale.
They return the score, a scalar. Outputs and targets of a regression are standardized. The target_scale is the
standard deviation of the target in the training rows. An error times target_scale is in the target's unit.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from ravine.networks.loss_functions import cross_entropy, squared_error, weighted_mean

__all__ = ["accuracy", "auc", "balanced_accuracy", "log_loss", "mae", "r2", "rmse"]


def accuracy(z: jax.Array, y: jax.Array, w: jax.Array | None, target_scale: jax.Array) -> jax.Array:
    """Return the share of rows whose largest output is that of their class, a scalar [].

    z [N, K] are the outputs, y [N] the classes, and w [N] the weights of the rows in the share, or None. The
    share is NaN if an output is not finite. `target_scale` is not used.
    """
    right = (jnp.argmax(z, axis=1).astype(y.dtype) == y).astype(z.dtype)
    return jnp.where(jnp.all(jnp.isfinite(z)), weighted_mean(right, w), jnp.nan)


def balanced_accuracy(z: jax.Array, y: jax.Array, w: jax.Array | None, target_scale: jax.Array) -> jax.Array:
    """Return the balanced accuracy: the share of correct rows in each class, averaged over classes, [].

    Only classes that occur in y [N] count. z [N, K] are the outputs, and w [N] the row weights or None. The
    result is NaN if an output is not finite. `target_scale` is not used.
    """
    right = (jnp.argmax(z, axis=1).astype(y.dtype) == y).astype(z.dtype)
    weight = jnp.ones_like(right) if w is None else w
    of_class = jnp.where(y[:, None] == jnp.arange(z.shape[1], dtype=y.dtype)[None, :], weight[:, None], 0)
    total = jnp.sum(of_class, axis=0)
    recall = jnp.sum(of_class * right[:, None], axis=0) / jnp.where(total > 0, total, 1)
    mean = jnp.sum(recall) / jnp.sum((total > 0).astype(z.dtype))
    return jnp.where(jnp.all(jnp.isfinite(z)), mean, jnp.nan)


def log_loss(z: jax.Array, y: jax.Array, w: jax.Array | None, target_scale: jax.Array) -> jax.Array:
    """Return the mean cross entropy in nats, a scalar []."""
    return weighted_mean(cross_entropy(z, y), w)


def auc(z: jax.Array, y: jax.Array, w: jax.Array | None, target_scale: jax.Array) -> jax.Array:
    """Return the area under the ROC curve for two classes, a scalar [].

    The area is the share of pairs (row of class 1, row of class 0) in which the row of class 1 has the larger
    difference of its two outputs. Ties count one half. The share is weighted by w [N] if given.
    """
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


def rmse(z: jax.Array, y: jax.Array, w: jax.Array | None, target_scale: jax.Array) -> jax.Array:
    """Return the root mean squared error in the target's unit, weighted by w [N] if given: a scalar [].

    The errors of the standardized outputs z [N, 1] and targets y [N] are multiplied by `target_scale`.
    """
    return jnp.sqrt(weighted_mean(squared_error(z, y), w)) * target_scale


def mae(z: jax.Array, y: jax.Array, w: jax.Array | None, target_scale: jax.Array) -> jax.Array:
    """Return the mean absolute error in the target's unit, weighted by w [N] if given: a scalar [].

    The errors of the standardized outputs z [N, 1] and targets y [N] are multiplied by `target_scale`.
    """
    return weighted_mean(jnp.abs(z[:, 0] - y), w) * target_scale


def r2(z: jax.Array, y: jax.Array, w: jax.Array | None, target_scale: jax.Array) -> jax.Array:
    """Return R squared, 1 - (mean squared error) / (variance of the target in the same rows): a scalar [].

    z [N, 1] are the outputs, y [N] the targets, and w [N] the row weights or None. `target_scale` is not
    used.
    """
    spread = weighted_mean((y - weighted_mean(y, w)) ** 2, w)
    return 1 - weighted_mean(squared_error(z, y), w) / spread
