"""The six activation functions and their derivatives.  Lecture: "Nonlinearities", "saturation".

    sigmoid(x)    = 1 / (1 + exp(-x))                     (1)      derivative y (1 - y)
    tanh(x)                                               (2)      1 - y^2
    relu(x)       = max(0, x)                             (3)      1 for y > 0, 0 otherwise
    leaky_relu(x) = x for x > 0, slope x otherwise        (4)      1 for y > 0, slope otherwise
    softplus(x)   = ln(1 + exp(x))                        (5)      1 - exp(-y)
    elu(x)        = x for x > 0, exp(x) - 1 otherwise     (6)      1 for y > 0, y + 1 otherwise

All functions act elementwise on arrays [...]. A derivative is a function of the output y = f(x), because a
network passes y on and not x. (1) and (2) come from JAX.
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
    """Return the ReLU, max(0, x): x [...] -> [...]. Its derivative at x = 0 is 0."""
    return jax.nn.relu(x)  # (3), with derivative 0 at x = 0


def leaky_relu(x: jax.Array, slope: jax.Array | float = SLOPE) -> jax.Array:
    """Return the leaky ReLU, x where x > 0 and slope x elsewhere: x [...] -> [...].

    slope: a number or an array [].
    """
    return jnp.where(x > 0, x, slope * x)  # (4)


def softplus(x: jax.Array) -> jax.Array:
    """Return the softplus, ln(1 + exp(x)), without overflow: x [...] -> [...]."""
    return jnp.logaddexp(x, 0)  # (5)


def elu(x: jax.Array) -> jax.Array:
    """Return the ELU, x where x > 0 and exp(x) - 1 elsewhere: x [...] -> [...]."""
    return jnp.where(x > 0, x, jnp.expm1(jnp.where(x > 0, 0, x)))  # (6), without overflow where x > 0


def sigmoid_derivative(y: jax.Array) -> jax.Array:
    """Return the derivative of the sigmoid, y (1 - y), from its output y: y [...] -> [...]."""
    return y * (1 - y)


def tanh_derivative(y: jax.Array) -> jax.Array:
    """Return the derivative of tanh, 1 - y^2, from its output y: y [...] -> [...]."""
    return 1 - y**2


def relu_derivative(y: jax.Array) -> jax.Array:
    """Return the derivative of the ReLU from its output y, 1 where y > 0 and else 0: y [...] -> [...]."""
    return (y > 0).astype(y.dtype)


def leaky_relu_derivative(y: jax.Array) -> jax.Array:
    """Return the derivative of the leaky ReLU with slope 0.01 from its output y: y [...] -> [...].

    The derivative is 1 where y > 0 and 0.01 elsewhere.
    """
    return jnp.where(y > 0, jnp.ones_like(y), SLOPE)


def softplus_derivative(y: jax.Array) -> jax.Array:
    """Return the derivative of the softplus, 1 - exp(-y), from its output y: y [...] -> [...]."""
    return 1 - jnp.exp(-y)


def elu_derivative(y: jax.Array) -> jax.Array:
    """Return the derivative of the ELU from its output y, 1 where y > 0 and else y + 1: y [...] -> [...]."""
    return jnp.where(y > 0, jnp.ones_like(y), y + 1)
