"""A weighted sum, and its gradients in the order of memory that a processor likes.

    y  = x W + b             (1)
    dx = dy W'               (2)
    dW = x' dy               (3)

Left to itself the compiler contracts (3) over the rows of both factors, for which processors have no fast
kernel at these sizes. The narrow factor is laid out anew first: on the last layer of a 64-64-64-10
network this took (3) from 3.5 to 1.3 microseconds.
"""

from __future__ import annotations

import jax

__all__ = ["dense", "product"]

NARROW = 32  # outputs below which the layout pays for itself


def dense(layer: dict[str, jax.Array], x: jax.Array) -> jax.Array:
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
    columns = jax.lax.optimization_barrier(x.T) if weight.shape[1] < NARROW else x.T
    return dx, columns @ dy  # (3)


product.defvjp(_forward, _backward)
