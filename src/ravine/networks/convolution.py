"""Convolutions of small images, as products of matrices.

    y[i, j, :] = sum over a, b of x[s i + a - p, s j + b - p, :] W[a, b, :, :] + b       (1)

for a square kernel of odd size, stride s and p = (size - 1) / 2 zeros on every side, so that stride 1 keeps
height and width and stride 2 halves them, rounded up. (A correlation, which the field calls convolution.)

Every kernel's patch of the image is laid out as a row, and (1) is one product. The compiler's own convolution
has no fast kernel for many members with weights of their own: for eight members on 8x8 images, two layers, a
training step took 1.8 ms a member against 0.47 ms, and compiling 14 s against 1.7 s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp

from ravine.networks.linear import product

if TYPE_CHECKING:
    from ravine.networks.parameters import LayerArrays

__all__ = ["convolve", "shrunk"]


def shrunk(size: int, stride: int) -> int:
    """Return the height or width that a convolution leaves of `size`."""
    return -(-size // stride)


def convolve(layer: LayerArrays, x: jax.Array, stride: int = 1) -> jax.Array:
    """Return (1): x [B, H, W, C], weight [size, size, C, K] -> [B, H', W', K]; a layer may have no bias."""
    weight = layer["weight"]
    size, _, channels, outputs = weight.shape
    rows, height, width = x.shape[0], shrunk(x.shape[1], stride), shrunk(x.shape[2], stride)
    seen = size * size * channels
    columns = _patches(x, size, stride, height, width).reshape(rows * height * width, seen)
    y = product(columns, weight.reshape(seen, outputs))  # (1)
    if "bias" in layer:
        y = y + layer["bias"][None, :]
    return y.reshape(rows, height, width, outputs)


def _patches(x: jax.Array, size: int, stride: int, height: int, width: int) -> jax.Array:
    """What each place sees, side by side: [B, height, width, size * size * C]."""
    edge = (size - 1) // 2
    padded = jnp.pad(x, ((0, 0), (edge, edge), (edge, edge), (0, 0)))
    down, across = stride * (height - 1) + 1, stride * (width - 1) + 1
    return jnp.concatenate(
        [padded[:, a : a + down : stride, b : b + across : stride] for a in range(size) for b in range(size)],
        axis=3,
    )
