"""Connections: the output of a layer from its input x and its result h.  Lecture: "Residual connections".

    plain             h                                                              (1)
    residual          P x + h                   He et al. 2016                       (2)
    scaled-residual   P x + h / sqrt(L)         L hidden layers; bounded gradients   (3)
    highway           t h + (1 - t) P x,        Srivastava et al. 2015               (4)
                      t = sigmoid(x G + g)      transform gate; g < 0 at the start, so that P x dominates
    dense             [x, h]                    Huang et al. 2017; all earlier results remain         (5)

x [B, ..., C] is the input of the layer. h [B, ..., K] is its result after activation and dropout. P is the
identity if x and h have the same shape, else a linear projection without bias, for images a 1x1 convolution
with the stride of the layer. G and g are weights and bias of the gate. L is the argument `depth`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp

from ravine.networks.convolution import convolve
from ravine.networks.linear import linear

if TYPE_CHECKING:
    from ravine.networks.parameters import LayerArrays

__all__ = ["dense", "highway", "plain", "residual", "scaled_residual", "weighted_sum"]


def weighted_sum(layer: LayerArrays, x: jax.Array, stride: int = 1) -> jax.Array:
    """Return the weighted sums of a layer for its input x, plus the bias; for images, the convolution of x.

    Shapes: x [B, D] -> [B, K], or images x [B, H, W, C] -> [B, H', W', K] with the stride `stride`.
    """
    return convolve(layer, x, stride) if layer["weight"].ndim == 4 else linear(layer, x)


def plain(layer: LayerArrays, x: jax.Array, h: jax.Array, stride: int, depth: int) -> jax.Array:
    """Return h, the output of a layer without a shortcut: x [B, ..., C], h [B, ..., K] -> [B, ..., K].

    x is the input of the layer, and h its result after activation and dropout.
    """
    return h  # (1)


def residual(layer: LayerArrays, x: jax.Array, h: jax.Array, stride: int, depth: int) -> jax.Array:
    """Return P x + h, the output of a layer with a residual connection: [B, ..., K].

    x [B, ..., C] is the input of the layer, and h [B, ..., K] its result after activation and dropout. P is
    the identity, or the linear projection of the layer if x and h have different shapes.
    """
    return _shortcut(layer, x, stride) + h  # (2)


def scaled_residual(layer: LayerArrays, x: jax.Array, h: jax.Array, stride: int, depth: int) -> jax.Array:
    """Return P x + h / sqrt(depth), the output of a layer with a scaled residual connection: [B, ..., K].

    x [B, ..., C] is the input of the layer, and h [B, ..., K] its result after activation and dropout. depth
    is the number of hidden layers of the network. P is the identity, or the linear projection of the layer if
    x and h have different shapes.
    """
    return _shortcut(layer, x, stride) + h / math.sqrt(depth)  # (3)


def highway(layer: LayerArrays, x: jax.Array, h: jax.Array, stride: int, depth: int) -> jax.Array:
    """Return t h + (1 - t) P x, the output of a highway layer with the gate t = sigmoid(x G + g): [..., K].

    x [B, ..., C] is the input of the layer, and h [B, ..., K] its result after activation and dropout. P is
    the identity, or the linear projection of the layer if x and h have different shapes. G and g are the
    weights and the bias of the gate.
    """
    shortcut = _shortcut(layer, x, stride)
    gate = jax.nn.sigmoid(weighted_sum(layer["gate"], x, stride))
    return gate * h + (1 - gate) * shortcut  # (4)


def dense(layer: LayerArrays, x: jax.Array, h: jax.Array, stride: int, depth: int) -> jax.Array:
    """Return x followed by h, the output of a layer with a dense connection: [B, ..., C + K].

    x [B, ..., C] is the input of the layer, and h [B, ..., K] its result after activation and dropout.
    """
    return jnp.concatenate([x, h], axis=-1)  # (5)


def _shortcut(layer: LayerArrays, x: jax.Array, stride: int) -> jax.Array:
    """Return P x, the input in the shape of the result: x [B, ..., C] -> [B, ..., K]."""
    return weighted_sum(layer["projection"], x, stride) if "projection" in layer else x
