"""Learning rates that change: functions of the step t = 0, 1, 2, ..., whose numbers may be data.

What `scheduled` decides is data too, so that constant and decaying runs share one compiled program.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from ravine.errors import UsageError, did_you_mean

__all__ = ["Schedule", "constant", "decay_to_zero", "scheduled"]

Schedule = Callable[[Any], jax.Array]


def constant(rate: Any) -> Schedule:
    """Return the schedule that is `rate` at every step."""
    return lambda t: jnp.asarray(rate)


def decay_to_zero(rate: Any, steps: Any, kind: str = "cosine") -> Schedule:
    """Return the schedule from `rate` at t = 0 to zero at t = `steps`, and zero from there on.

    cosine: rate (1 + cos(pi t / steps)) / 2. linear: rate (1 - t / steps). `rate`, `steps`: numbers or scalar
    arrays. Raises UsageError for another kind. Source: Loshchilov & Hutter 2017 (cosine, without restarts).
    """
    return scheduled(rate, steps, 1.0, kind)


def scheduled(rate: Any, steps: Any, decays: Any, kind: str = "cosine") -> Schedule:
    """Return a schedule that is constant where `decays` is 0 and `decay_to_zero` where it is 1.

    All but `kind` may be scalar arrays; the rate comes in the dtype of `rate`.
    """
    if kind not in _SHAPES:
        raise UsageError(f"There is no schedule '{kind}'.", "", did_you_mean(kind, _SHAPES))
    shape = _SHAPES[kind]

    def at(t: Any) -> jax.Array:
        eta = jnp.asarray(rate)
        eta = eta if jnp.issubdtype(eta.dtype, jnp.floating) else eta.astype(jnp.float32)
        left = 1 - jnp.asarray(t).astype(eta.dtype) / jnp.asarray(steps).astype(eta.dtype)
        left = jnp.clip(left, 0, 1)  # of the way
        return jnp.where(jnp.asarray(decays) > 0, eta * shape(left), eta)

    return at


def _cosine(left: jax.Array) -> jax.Array:
    return (
        jnp.sin(jnp.pi / 2 * left) ** 2
    )  # = (1 + cos(pi (1 - left))) / 2, without its cancellation near the end


def _linear(left: jax.Array) -> jax.Array:
    return left


_SHAPES = {"cosine": _cosine, "linear": _linear}
