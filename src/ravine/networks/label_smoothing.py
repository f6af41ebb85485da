"""Cross entropy with smoothed labels.

Source: Szegedy et al. 2016.

    L_i = (1 - a) (ln sum_k exp(z_k) - z_y) + a mean_k (ln sum_j exp(z_j) - z_k)     (1)

L_i is the loss of row i, z are its K outputs, and y is its class. The target distribution gives the class y
the probability 1 - a, and every one of the K classes a / K in addition. The amount a can differ between the
runs of one compiled program. With a = 0 the loss is the cross entropy.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from ravine.networks.loss_functions import cross_entropy

__all__ = ["smoothed_cross_entropy"]


def smoothed_cross_entropy(outputs: jax.Array, target: jax.Array, amount: ArrayLike) -> jax.Array:
    """Return the cross entropy of each row with smoothed labels, in nats: [N].

    The target distribution gives the class of the row the probability 1 - a, and every one of the K classes
    a / K in addition.

    outputs   outputs of the network before the softmax [N, K]
    target    class indices [N]
    amount    a, a scalar from 0 to 1
    """
    a = jnp.asarray(amount, outputs.dtype)
    loss = cross_entropy(outputs, target)
    # Both logarithms of (1) are equal, so that (1) is the cross entropy + a (z_y - mean_k z_k).
    one_hot = target[:, None] == jnp.arange(outputs.shape[1], dtype=target.dtype)[None, :]
    target_output = jnp.sum(jnp.where(one_hot, outputs, 0), axis=1)
    return loss + a * (target_output - jnp.mean(outputs, axis=1))  # (1)
