"""The weighted sum of a layer, with gradients that are fast on a CPU.

    y  = x W + b             (1)
    dx = dy W'               (2)
    dW = x' dy               (3)

x are the inputs, W the weights, b the bias. dx, dy and dW are the gradients of the loss with respect to x, y
and W, and ' is the transpose. By default the compiler contracts (3) over the rows of both factors, for which
it has no fast kernel. This file therefore transposes x in memory first. A training step of a 64-64-64-10
network then takes 30.5 microseconds on one core, in place of 32.9 microseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax

if TYPE_CHECKING:
    from ravine.networks.parameters import LayerArrays

__all__ = ["linear", "product"]


def linear(layer: LayerArrays, x: jax.Array) -> jax.Array:
    """Return x W + b with the weights W and the bias b of a layer: x [B, fan_in] -> [B, fan_out].

    b is 0 if `layer` has no array `bias`.
    """
    y = product(x, layer["weight"])  # (1)
    return y + layer["bias"][None, :] if "bias" in layer else y


@jax.custom_vjp
def product(x: jax.Array, weight: jax.Array) -> jax.Array:
    """Return x W, with gradients that are fast on a CPU: x [B, fan_in], weight W [fan_in, K] -> [B, K]."""
    return x @ weight


def _forward(x: jax.Array, weight: jax.Array) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    return x @ weight, (x, weight)


def _backward(saved: tuple[jax.Array, jax.Array], dy: jax.Array) -> tuple[jax.Array, jax.Array]:
    x, weight = saved
    dx = dy @ weight.T  # (2)
    return dx, jax.lax.optimization_barrier(x.T) @ dy  # (3)


product.defvjp(_forward, _backward)
