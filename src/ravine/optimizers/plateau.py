"""A schedule that follows training: lower the value when the loss no longer falls.

A loss is better if it is below (1 - threshold) best.                          (1)
After more than `patience` losses in a row that are not, factor <- factor x `factor`, not below `least`,  (2)
and the next `cooldown` losses are not counted.                                (3)

Every number is data and every step is traced, so that runs that wait and runs that drop share one program.
Source: the rule of PyTorch's ReduceLROnPlateau (relative threshold, least value as a factor).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike, DTypeLike

__all__ = ["PlateauState", "plateau_next", "plateau_start"]


class PlateauState(NamedTuple):
    """best: lowest loss. waited, resting: losses counted, int32. factor: on the value, now. All scalars."""

    best: jax.Array
    waited: jax.Array
    resting: jax.Array
    factor: jax.Array


def plateau_start(dtype: DTypeLike = jnp.float32) -> PlateauState:
    """Return the state before the first loss, with a factor of 1."""
    zero = jnp.zeros((), jnp.int32)
    return PlateauState(jnp.full((), jnp.inf, dtype), zero, zero, jnp.ones((), dtype))


def plateau_next(numbers: Mapping[str, ArrayLike], state: PlateauState, loss: jax.Array) -> PlateauState:
    """Return the state after one more loss; NaN is never better.

    numbers: `factor`, `patience`, `threshold`, `cooldown`, `least`, as `schedule("plateau(...)").numbers`,
    numbers or scalar arrays. `least` bounds the factor: value x least is the lowest.
    """
    dtype = state.factor.dtype
    number = {name: jnp.asarray(value, dtype) for name, value in numbers.items()}
    loss = jnp.asarray(loss).astype(dtype)
    # (1); from infinity everything finite is better, whatever the threshold
    better = (loss < state.best - number["threshold"] * jnp.abs(_finite(state.best))) & ~jnp.isnan(loss)
    waited = jnp.where(better, 0, state.waited + 1)
    rests = state.resting > 0
    waited, resting = jnp.where(rests, 0, waited), jnp.maximum(state.resting - 1, 0)  # (3)
    drops = waited.astype(dtype) > number["patience"]
    lower = jnp.maximum(state.factor * number["factor"], jnp.minimum(number["least"], state.factor))
    return PlateauState(
        jnp.where(better, loss, state.best),
        jnp.where(drops, 0, waited),
        jnp.where(drops, number["cooldown"].astype(jnp.int32), resting),
        jnp.where(drops, lower, state.factor),  # (2)
    )


def _finite(value: jax.Array) -> jax.Array:
    return jnp.where(jnp.isfinite(value), value, 0)
