"""Cross entropy with smoothed labels.  Source: Szegedy et al. 2016.

L_i = (1 - a) (ln sum_k exp(z_k) - z_y) + a mean_k (ln sum_j exp(z_j) - z_k)     (1)

The target is the class with weight 1 - a, and all K classes alike with weight a. The amount a is data; at 0
the loss is the cross entropy itself.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from ravine.networks.loss_functions import cross_entropy

__all__ = ["smoothed_cross_entropy"]


def smoothed_cross_entropy(outputs: jax.Array, target: jax.Array, amount: ArrayLike) -> jax.Array:
    """Return the loss of each row: outputs [N, K], target [N] integers, amount [] in [0, 1] -> [N], nats."""
    a = jnp.asarray(amount, outputs.dtype)
    loss = cross_entropy(outputs, target)
    # what (1) adds to it: a (z_y - mean_k z_k), the logarithm of the sum being common to both
    chosen = target[:, None] == jnp.arange(outputs.shape[1], dtype=target.dtype)[None, :]
    picked = jnp.sum(jnp.where(chosen, outputs, 0), axis=1)
    return loss + a * (picked - jnp.mean(outputs, axis=1))  # (1)
