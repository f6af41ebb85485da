"""The lecture's six activations, and their facts.  Lecture: "Nonlinearities", "saturation".

    sigmoid(x)    = 1 / (1 + exp(-x))                     (1)
    tanh(x)                                               (2)
    relu(x)       = max(0, x)                             (3)
    leaky_relu(x) = x for x > 0, slope x otherwise        (4)
    softplus(x)   = ln(1 + exp(x))                        (5)
    elu(x)        = x for x > 0, exp(x) - 1 otherwise     (6)

A function saturates on a side where its derivative goes to zero; the lecture calls saturating one that does
so on both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp

from ravine.errors import UsageError, did_you_mean

__all__ = ["ACTIVATIONS", "Activation", "activation", "leaky_relu"]


@dataclass(frozen=True)
class Activation:
    """An activation with its facts.

    function(x) -> y, elementwise. derivative_left, derivative_right: limits of the derivative at -inf, +inf.
    derivative_max: its largest value.
    """

    name: str
    function: Callable[[jax.Array], jax.Array]
    derivative_left: float
    derivative_right: float
    derivative_max: float

    @property
    def saturating(self) -> bool:
        """Whether the derivative goes to zero on both sides."""
        return self.derivative_left == 0 and self.derivative_right == 0

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.function(x)


SLOPE = 0.01  # of the leaky ReLU for x < 0


def _relu(x: jax.Array) -> jax.Array:
    return jax.nn.relu(x)  # (3), whose derivative at 0 is 0: no case for ties


def leaky_relu(x: jax.Array, slope: jax.Array | float = SLOPE) -> jax.Array:
    """Return (4); the slope [] may be data."""
    return jnp.where(x > 0, x, slope * x)  # (4)


def _softplus(x: jax.Array) -> jax.Array:
    return jnp.logaddexp(x, 0)  # (5)


def _elu(x: jax.Array) -> jax.Array:
    return jnp.where(x > 0, x, jnp.expm1(jnp.where(x > 0, 0, x)))  # (6), no overflow on the side not taken


ACTIVATIONS: dict[str, Activation] = {
    each.name: each
    for each in (
        Activation("sigmoid", jax.nn.sigmoid, 0.0, 0.0, 0.25),  # (1)
        Activation("tanh", jnp.tanh, 0.0, 0.0, 1.0),  # (2)
        Activation("relu", _relu, 0.0, 1.0, 1.0),
        Activation("leaky_relu", leaky_relu, SLOPE, 1.0, 1.0),
        Activation("softplus", _softplus, 0.0, 1.0, 1.0),
        Activation("elu", _elu, 0.0, 1.0, 1.0),
    )
}


def activation(name: str) -> Activation:
    """Return the activation of that name; `leaky-relu`, `Leaky ReLU` are understood.

    Raises UsageError with the nearest name.
    """
    plain = name.strip().lower().replace("-", "_").replace(" ", "_")
    if plain not in ACTIVATIONS:
        raise UsageError(f"There is no activation '{name}'.", "", did_you_mean(plain, ACTIVATIONS))
    return ACTIVATIONS[plain]
