"""The schedule `plateau`: it lowers a hyperparameter when the validation loss no longer decreases.

    better      loss < best - `threshold` |best|                 (1)
    drop        f <- max(f x `factor`, `least`)                  (2)
    cooldown    `patience` ignores the next `cooldown` losses    (3)

best is the lowest loss so far, and f is the factor on the hyperparameter, 1 at the start. A drop follows more
than `patience` losses in a row that are not better, and a cooldown follows a drop. All parameters of the
schedule can differ between the runs of one compiled program.

Source: ReduceLROnPlateau of PyTorch, with a relative threshold and the least value as a factor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike, DTypeLike

__all__ = ["PlateauState", "plateau_next", "plateau_start"]


class PlateauState(NamedTuple):
    """The state of the schedule `plateau`, for one run (scalars) or for many ([run]).

    The schedule lowers a hyperparameter when the validation loss no longer decreases. best: lowest loss so
    far, inf at the start. waited: int32, losses in a row that were not better. resting: int32, number of next
    losses that `waited` will not count, after a drop. factor: current factor on the hyperparameter, 1 at the
    start.
    """

    best: jax.Array
    waited: jax.Array
    resting: jax.Array
    factor: jax.Array


def plateau_start(dtype: DTypeLike = jnp.float32) -> PlateauState:
    """Return the state of the schedule `plateau` before the first validation loss: four scalars []."""
    zero = jnp.zeros((), jnp.int32)
    return PlateauState(jnp.full((), jnp.inf, dtype), zero, zero, jnp.ones((), dtype))


def plateau_next(numbers: Mapping[str, ArrayLike], state: PlateauState, loss: jax.Array) -> PlateauState:
    """Return the state of the schedule `plateau` after one more validation loss, [] or [run].

    A loss of NaN is never better than an earlier one. numbers: the parameters of the schedule, `factor`,
    `patience`, `threshold`, `cooldown` and `least`, by name; numbers or arrays of the shape of the loss.
    """
    dtype = state.factor.dtype
    number = {name: jnp.asarray(value, dtype) for name, value in numbers.items()}
    loss = jnp.asarray(loss).astype(dtype)
    # (1); at the start best is infinite, and every finite loss is better for any threshold
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
