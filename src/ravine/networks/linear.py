"""A weighted sum, and its gradients in the order of memory that a processor likes.

    y  = x W + b             (1)
    dx = dy W'               (2)
    dW = x' dy               (3)

Left to itself the compiler contracts (3) over the rows of both factors, for which it has no fast kernel. x is
laid out anew first: in a 64-64-64-10 network this takes a step from 32.9 to 30.5 microseconds on one core.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax

if TYPE_CHECKING:
    from ravine.networks.parameters import LayerArrays

__all__ = ["linear", "product"]


def linear(layer: LayerArrays, x: jax.Array) -> jax.Array:
    """Return x W + b: [B, fan_in] -> [B, fan_out]; a layer may have no bias."""
    y = product(x, layer["weight"])  # (1)
    return y + layer["bias"][None, :] if "bias" in layer else y


@jax.custom_vjp
def product(x: jax.Array, weight: jax.Array) -> jax.Array:
    """Return x W: [B, fan_in] times [fan_in, fan_out]."""
    return x @ weight


def _forward(x: jax.Array, weight: jax.Array) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    return x @ weight, (x, weight)


def _backward(kept: tuple[jax.Array, jax.Array], dy: jax.Array) -> tuple[jax.Array, jax.Array]:
    x, weight = kept
    dx = dy @ weight.T  # (2)
    return dx, jax.lax.optimization_barrier(x.T) @ dy  # (3)


product.defvjp(_forward, _backward)
