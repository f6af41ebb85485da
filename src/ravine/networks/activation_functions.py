"""The lecture's six activations, and their derivatives.  Lecture: "Nonlinearities", "saturation".

    sigmoid(x)    = 1 / (1 + exp(-x))                     (1)      derivative y (1 - y)
    tanh(x)                                               (2)      1 - y^2
    relu(x)       = max(0, x)                             (3)      1 for y > 0, 0 otherwise
    leaky_relu(x) = x for x > 0, slope x otherwise        (4)      1 for y > 0, slope otherwise
    softplus(x)   = ln(1 + exp(x))                        (5)      1 - exp(-y)
    elu(x)        = x for x > 0, exp(x) - 1 otherwise     (6)      1 for y > 0, y + 1 otherwise

A derivative is given by the value y = f(x), which is what a network passes on. (1) and (2) are JAX's own.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from ravine.networks.activations import SLOPE

__all__ = [
    "elu", "elu_derivative", "leaky_relu", "leaky_relu_derivative", "relu", "relu_derivative",
    "sigmoid_derivative", "softplus", "softplus_derivative", "tanh_derivative",
]  # fmt: skip


def relu(x: jax.Array) -> jax.Array:
    """Return (3)."""
    return jax.nn.relu(x)  # (3), whose derivative at 0 is 0: no case for ties


def leaky_relu(x: jax.Array, slope: jax.Array | float = SLOPE) -> jax.Array:
    """Return (4); the slope [] may be data."""
    return jnp.where(x > 0, x, slope * x)  # (4)


def softplus(x: jax.Array) -> jax.Array:
    """Return (5)."""
    return jnp.logaddexp(x, 0)  # (5)


def elu(x: jax.Array) -> jax.Array:
    """Return (6)."""
    return jnp.where(x > 0, x, jnp.expm1(jnp.where(x > 0, 0, x)))  # (6), no overflow on the side not taken


def sigmoid_derivative(y: jax.Array) -> jax.Array:
    """Return the derivative of (1) by its value."""
    return y * (1 - y)


def tanh_derivative(y: jax.Array) -> jax.Array:
    """Return the derivative of (2) by its value."""
    return 1 - y**2


def relu_derivative(y: jax.Array) -> jax.Array:
    """Return the derivative of (3) by its value."""
    return (y > 0).astype(y.dtype)


def leaky_relu_derivative(y: jax.Array) -> jax.Array:
    """Return the derivative of (4) by its value, for the usual slope."""
    return jnp.where(y > 0, jnp.ones_like(y), SLOPE)


def softplus_derivative(y: jax.Array) -> jax.Array:
    """Return the derivative of (5) by its value."""
    return 1 - jnp.exp(-y)


def elu_derivative(y: jax.Array) -> jax.Array:
    """Return the derivative of (6) by its value."""
    return jnp.where(y > 0, jnp.ones_like(y), y + 1)
