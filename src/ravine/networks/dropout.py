"""Dropout: random units are set to 0 in training.  Lecture: "Dropout".

Source: Srivastava et al. 2014.

    h <- m h / (1 - p),   m = 0 with probability p, else 1, for every row and unit        (1)

h are the outputs of the units. The division by 1 - p keeps the mean of h (inverted dropout), so h is used
unchanged in inference. The dropout rate p can differ between the runs of one compiled program.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

__all__ = ["dropout"]


def dropout(h: jax.Array, rate: jax.Array | float, key: jax.Array) -> jax.Array:
    """Return h [...], each value set to 0 with probability `rate`, all others divided by 1 - rate: [...].

    rate: dropout rate, at least 0, below 1. key: random key.
    """
    rate = jnp.asarray(rate, h.dtype)
    keep = jax.random.uniform(key, h.shape, h.dtype) >= rate
    return jnp.where(keep, h / (1 - rate), 0)  # (1)
