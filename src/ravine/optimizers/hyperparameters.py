"""Hyperparameters as data: checked on the host, then numbers or traced arrays alike.

A decay rate b enters its rule twice, as b and as 1 - b. Formed from a float32 b the second is wrong by 1.7e-4
(relative, b = 0.9999), so the two travel as a pair, both formed in float64 on the host.
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
Rate = float | np.ndarray | jax.Array | Callable[[jax.Array], Any]


class Decay(NamedTuple):
    """A decay rate `rate` = b and its complement `complement` = 1 - b, each right to its own rounding."""

    rate: Any
    complement: Any


def decay(b: Number | Decay) -> Decay:
    """Return the pair (b, 1 - b), formed in float64 for host numbers and NumPy arrays.

    A `Decay` passes through. A jax array keeps its dtype, and its 1 - b is as good as that b is: for full
    accuracy form the pair on the host and pass the pair. Raises UsageError unless 0 <= b < 1.
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
            f"The decay rate {b!r} cannot be used.",
            "It must be a number in [0, 1).",
            "The lecture uses 0.9 or 0.999.",
        )
    return Decay(value, 1 - value) if value.ndim else Decay(float(value), float(1 - value))


def one_minus_power(b: Decay, t: jax.Array) -> jax.Array:
    """Return 1 - b^t without cancellation, for t >= 1 in the dtype of `b`."""
    return -jnp.expm1(t * jnp.log1p(-b.complement))


def check_rate(rate: object) -> None:
    """Raise UsageError unless `rate` is a schedule, an array, or a finite number >= 0."""
    if callable(rate) or isinstance(rate, jax.Array | np.ndarray):
        return
    if isinstance(rate, bool) or not isinstance(rate, float | int | np.number) or not 0 <= rate < math.inf:
        raise UsageError(
            f"The learning rate {rate!r} cannot be used.",
            "It must be a finite number that is not negative, an array without axes, or a schedule.",
            "Write for example 0.01.",
        )


def check_share(**named: object) -> None:
    """Raise UsageError for the first host number that does not lie in 0 to 1."""
    for name, value in named.items():
        if isinstance(value, jax.Array | np.ndarray):
            continue
        if isinstance(value, bool) or not isinstance(value, float | int | np.number) or not 0 <= value <= 1:
            raise UsageError(f"{name} = {value!r} cannot be used.", "It must lie between 0 and 1.", "")


def check_not_negative(**named: object) -> None:
    """Raise UsageError for the first host number that is negative or not finite."""
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
