"""Weight averages: the evaluation uses averaged weights, the training is unchanged.

    a <- (1 - k) a + k w                                        (1)      w: weights without an average
    exponential    k = (1 - b) / (1 - b^t)                      (2)      running mean, corrected for its start
    tail           k = 1 / (t - start), but 1 for t <= start    (3)      Polyak & Juditsky 1992

a is the average, k its gain, b the averaging rate, and t the number of steps, 1 after the first step. (1)
with (2) equals m / (1 - b^t) for the uncorrected mean m <- b m + (1 - b) w. With b = 0 the average is w, bit
for bit, and so is (3) before its start.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from ravine.errors import UsageError
from ravine.optimizers.hyperparameters import (
    Decay,
    Number,
    check_not_negative,
    decay,
    one_minus_power,
)
from ravine.optimizers.per_array import Optimizer
from ravine.optimizers.transforms import wide_dtype

__all__ = ["AverageState", "exponential_average", "tail_average"]


class AverageState(NamedTuple):
    """The state of an optimizer with an average of its weights.

    t: number of steps, int32. mean: the average, a tree like the parameters, in float32 at least. inner:
    state of the optimizer without the average.
    """

    t: jax.Array
    mean: Any
    inner: Any


def exponential_average(optimizer: Optimizer, b: Number | Decay) -> Optimizer:
    """Return an optimizer whose network is evaluated at an exponential moving average of its weights.

    The training is unchanged, and the average is corrected for its start at zero. b: averaging rate, a number
    in [0, 1), a scalar array or a `Decay`. The function `update` of the optimizer needs the parameters.
    Raises UsageError for another number. Source: Kingma & Ba 2015, section 7.2.
    """
    pair = decay(b)

    def gain(t: jax.Array, dtype: np.dtype) -> jax.Array:
        cast = Decay(jnp.asarray(pair.rate, dtype), jnp.asarray(pair.complement, dtype))
        return cast.complement / one_minus_power(cast, t.astype(dtype))  # (2)

    return _with_average(optimizer, gain)


def tail_average(optimizer: Optimizer, start: Number) -> Optimizer:
    """Return an optimizer whose network is evaluated at the mean of its weights after all steps > `start`.

    The training is unchanged. Up to the step `start`, the network is evaluated at the weights themselves.
    start: a number or a scalar array. The function `update` of the optimizer needs the parameters. Raises
    UsageError for a negative or infinite number.
    """
    check_not_negative(start=start)

    def gain(t: jax.Array, dtype: np.dtype) -> jax.Array:
        late = t.astype(dtype) - jnp.asarray(start, dtype)
        return 1 / jnp.maximum(late, 1)  # (3)

    return _with_average(optimizer, gain)


def _with_average(optimizer: Optimizer, gain: Callable[[jax.Array, np.dtype], jax.Array]) -> Optimizer:
    """Return the optimizer with the average (1). gain: function (t, dtype) that returns k of (1)."""

    def init(params: optax.Params) -> AverageState:
        mean = jax.tree.map(lambda w: jnp.zeros_like(w, dtype=wide_dtype(w)), params)
        return AverageState(jnp.zeros((), jnp.int32), mean, optimizer.init(params))

    def update(
        grads: optax.Updates, state: AverageState, params: optax.Params | None = None, **extra: object
    ) -> tuple[optax.Updates, AverageState]:
        if params is None:
            raise UsageError(
                "An average of the weights needs the parameters.",
                "It averages them.",
                "Call update(grads, state, params).",
            )
        updates, inner = optimizer.update(grads, state.inner, params, **extra)
        t = optax.safe_increment(state.t)
        points = optimizer.eval_params(optax.apply_updates(params, updates), inner)

        def mix(a: jax.Array, w: jax.Array) -> jax.Array:
            k = gain(t, jnp.finfo(a.dtype).dtype).astype(a.dtype)
            return (1 - k) * a + k * jnp.asarray(w, a.dtype)  # (1)

        return updates, AverageState(t, jax.tree.map(mix, state.mean, points), inner)

    def eval_params(params: optax.Params, state: AverageState) -> optax.Params:
        now = optimizer.eval_params(params, state.inner)
        return jax.tree.map(
            lambda a, w: jnp.where(state.t > 0, a.astype(jnp.result_type(w)), w), state.mean, now
        )

    return Optimizer(init, update, eval_params)
