"""The loss functions.  Lecture: "Problems with vanilla SGD", L(W) = 1/N sum_i L_i(x_i, y_i, W).

    cross_entropy    L_i = ln sum_k exp(z_k) - z_y        (1)      y: class index
    squared_error    L_i = (z - y)^2                      (2)      y: standardized target

z are the outputs of the network for the row x_i; a regression has one output. The functions return the loss
L_i of every row.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

__all__ = ["cross_entropy", "squared_error", "weighted_mean"]


def cross_entropy(outputs: jax.Array, target: jax.Array) -> jax.Array:
    """Return the cross entropy, ln sum_k exp(z_k) - z_y, of each row in nats: [N].

    outputs: outputs z of the network [N, K]. target: class indices y [N], integers.
    """
    # z_y is a contraction with one-hot rows. The gradient of an indexed read would be a slow scatter.
    # Products and a sum would be fused with the other sums into one loop, which takes twice as long.
    one_hot = target[:, None] == jnp.arange(outputs.shape[1], dtype=target.dtype)[None, :]
    target_output = jnp.einsum("nk,nk->n", outputs, one_hot.astype(outputs.dtype))
    top = jax.lax.stop_gradient(jnp.max(outputs, axis=1))
    log_sum = top + jnp.log(jnp.sum(jnp.exp(outputs - top[:, None]), axis=1))
    return log_sum - target_output  # (1)


def squared_error(outputs: jax.Array, target: jax.Array) -> jax.Array:
    """Return the squared error (z - y)^2 of each row, in variances of the target: [N].

    outputs: outputs z of the network [N, 1]. target: standardized targets y [N].
    """
    return (outputs[:, 0] - target) ** 2  # (2)


def weighted_mean(values: jax.Array, weight: jax.Array | None) -> jax.Array:
    """Return the weighted mean of values [N] with weights [N], a scalar; without weights their plain mean."""
    if weight is None:
        return jnp.mean(values)
    return jnp.sum(values * weight) / jnp.sum(weight)
