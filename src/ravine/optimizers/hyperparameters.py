"""Hyperparameters of optimizers as inputs of compiled programs: types, checks, and pairs (b, 1 - b).

An averaging rate b enters an update twice, as b and as 1 - b. For b = 0.9999 in float32 the difference has a
relative error of 1.7e-4. The host therefore computes b and 1 - b in float64 and passes on the pair, `Decay`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ravine.errors import UsageError

__all__ = ["Decay", "Number", "Rate", "check_not_negative", "check_rate", "decay", "one_minus_power"]

Number = float | np.ndarray | jax.Array
"""A hyperparameter: a number, or an array [] that may be traced."""

Rate = float | np.ndarray | jax.Array | Callable[[jax.Array], Any]
"""A learning rate: a number, an array [], or a schedule, which is a function of the step count from 0."""


class Decay(NamedTuple):
    """An averaging rate b with its complement 1 - b; both are correctly rounded if made on the host."""

    rate: Any
    complement: Any


def decay(b: Number | Decay) -> Decay:
    """Return the pair (b, 1 - b) of an averaging rate b, in float64 for Python numbers and NumPy arrays.

    A `Decay` is returned as it is. For a JAX array [] the pair is formed in the data type of the array,
    and 1 - b has the rounding error of b. Pass a pair formed on the host where this error matters. Raises
    UsageError unless 0 <= b < 1; JAX arrays are not checked.
    """
    if isinstance(b, Decay):
        return b
    if isinstance(b, jax.Array):
        return Decay(b, 1 - b)
    try:
        value = np.asarray(b, dtype=np.float64)
    except (TypeError, ValueError):
        value = np.asarray(np.nan)
    if isinstance(b, bool | str) or not np.all((value >= 0) & (value < 1)):
        raise UsageError(
            f"The averaging rate {b!r} cannot be used.",
            "It must be a number, at least 0 and below 1.",
            "Write for example 0.9 or 0.999.",
        )
    return Decay(value, 1 - value) if value.ndim else Decay(float(value), float(1 - value))


def one_minus_power(b: Decay, t: jax.Array) -> jax.Array:
    """Return 1 - b^t for an averaging rate b after t steps, without cancellation: a scalar [].

    t []: number of steps, at least 1, in the data type of `b`.
    """
    return -jnp.expm1(t * jnp.log1p(-b.complement))


def check_rate(rate: object) -> None:
    """Raise UsageError unless a learning rate is a schedule, an array, or a finite number, not negative."""
    if callable(rate) or isinstance(rate, jax.Array | np.ndarray):
        return
    if isinstance(rate, bool) or not isinstance(rate, float | int | np.number) or not 0 <= rate < math.inf:
        raise UsageError(
            f"The learning rate {rate!r} cannot be used.",
            "It must be a finite number that is not negative, an array without axes, or a schedule.",
            "Write for example 0.01.",
        )


def check_share(**named: object) -> None:
    """Raise UsageError for the first of the named numbers that is not in [0, 1]. Arrays are not checked."""
    for name, value in named.items():
        if isinstance(value, jax.Array | np.ndarray):
            continue
        if isinstance(value, bool) or not isinstance(value, float | int | np.number) or not 0 <= value <= 1:
            raise UsageError(f"{name} = {value!r} cannot be used.", "It must lie between 0 and 1.", "")


def check_not_negative(**named: object) -> None:
    """Raise UsageError for the first of the named numbers that is negative or not finite.

    Arrays are not checked.
    """
    for name, value in named.items():
        if isinstance(value, jax.Array | np.ndarray):
            continue
        if (
            isinstance(value, bool)
            or not isinstance(value, float | int | np.number)
            or not 0 <= value < math.inf
        ):
            raise UsageError(
                f"{name} = {value!r} cannot be used.", "It must be a finite number that is not negative.", ""
            )
