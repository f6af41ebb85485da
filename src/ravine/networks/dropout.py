"""Dropout: random units are set to 0 in training.  Lecture: "Dropout".

Source: Srivastava et al. 2014.

    h <- m h / (1 - p),   m = 0 with probability p, else 1, for every row and unit        (1)

The division keeps the mean (inverted dropout), so inference changes nothing. The rate p is data and can
differ between the runs of one program.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

__all__ = ["dropout"]


def dropout(h: jax.Array, rate: jax.Array | float, key: jax.Array) -> jax.Array:
    """Return h with dropout, (1): h [...] -> [...]. rate: p [], at least 0, below 1. key: for this draw."""
    rate = jnp.asarray(rate, h.dtype)
    keep = jax.random.uniform(key, h.shape, h.dtype) >= rate
    return jnp.where(keep, h / (1 - rate), 0)  # (1)
