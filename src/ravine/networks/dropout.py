"""Dropout: units set to zero at random while training.  Lecture: "Dropout".

    h <- m h / (1 - p),   m = 0 with probability p, else 1, for every row and unit        (1)

The division keeps the mean (inverted dropout), so inference does nothing. The rate p is data: it may differ
from run to run of one program. Source: Srivastava et al. 2014.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

__all__ = ["dropout"]


def dropout(h: jax.Array, rate: jax.Array | float, key: jax.Array) -> jax.Array:
    """Return (1): h of any shape, rate [] in [0, 1), a key that no other draw uses."""
    rate = jnp.asarray(rate, h.dtype)
    kept = jax.random.uniform(key, h.shape, h.dtype) >= rate
    return jnp.where(kept, h / (1 - rate), 0)  # (1)
