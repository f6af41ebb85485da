"""What is minimized.  Lecture: "Problems with vanilla SGD", L(W) = 1/N sum_i L_i(x_i, y_i, W).

cross_entropy    L_i = ln sum_k exp(z_k) - z_y        (1)      z: outputs, y: class index
squared_error    L_i = sum_k (z_k - y_k)^2            (2)      y: standardized target
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

__all__ = ["cross_entropy", "squared_error", "weighted_mean"]


def cross_entropy(outputs: jax.Array, target: jax.Array) -> jax.Array:
    """Return the loss of each row: outputs [N, K], target [N] integers -> [N], nats."""
    # A contraction with the one-hot rows: an indexed read has a scatter for its gradient; a sum of products
    # is fused with the sums beside it into one loop that takes twice as long.
    chosen = target[:, None] == jnp.arange(outputs.shape[1], dtype=target.dtype)[None, :]
    picked = jnp.einsum("nk,nk->n", outputs, chosen.astype(outputs.dtype))
    top = jax.lax.stop_gradient(jnp.max(outputs, axis=1))
    log_sum = top + jnp.log(jnp.sum(jnp.exp(outputs - top[:, None]), axis=1))
    return log_sum - picked  # (1)


def squared_error(outputs: jax.Array, target: jax.Array) -> jax.Array:
    """Return the loss of each row: outputs [N, 1], target [N] -> [N]."""
    return (outputs[:, 0] - target) ** 2  # (2)


def weighted_mean(values: jax.Array, weight: jax.Array | None) -> jax.Array:
    """Return sum(w v) / sum(w), or the plain mean: values [N], weight [N] or None -> []."""
    if weight is None:
        return jnp.mean(values)
    return jnp.sum(values * weight) / jnp.sum(weight)
