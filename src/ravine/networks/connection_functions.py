"""How a layer's result joins what came before.  Lecture: "Residual connections".

    plain             h                                                              (1)
    residual          P x + h                   He et al. 2016                       (2)
    scaled-residual   P x + h / sqrt(L)         L layers; gradients stay bounded     (3)
    highway           t h + (1 - t) P x,        Srivastava et al. 2015               (4)
                      t = sigmoid(x G + g)      the transform gate; g < 0 at first: mostly carry
    dense             [x, h]                    Huang et al. 2017: every earlier result is kept       (5)

x [B, ..., C] entered the layer, h [B, ..., K] is its result after activation and dropout. P is the identity
where x and h have one shape, else a linear projection without bias (of images: a 1x1 convolution of the
layer's stride). `depth` is L.
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
    """Return the layer's sums of x [B, D] or [B, H, W, C], by the shape of its weight."""
    return convolve(layer, x, stride) if layer["weight"].ndim == 4 else linear(layer, x)


def plain(layer: LayerArrays, x: jax.Array, h: jax.Array, stride: int, depth: int) -> jax.Array:
    """Return (1)."""
    return h  # (1)


def residual(layer: LayerArrays, x: jax.Array, h: jax.Array, stride: int, depth: int) -> jax.Array:
    """Return (2)."""
    return _carried(layer, x, stride) + h  # (2)


def scaled_residual(layer: LayerArrays, x: jax.Array, h: jax.Array, stride: int, depth: int) -> jax.Array:
    """Return (3)."""
    return _carried(layer, x, stride) + h / math.sqrt(depth)  # (3)


def highway(layer: LayerArrays, x: jax.Array, h: jax.Array, stride: int, depth: int) -> jax.Array:
    """Return (4)."""
    carried = _carried(layer, x, stride)
    gate = jax.nn.sigmoid(weighted_sum(layer["gate"], x, stride))
    return gate * h + (1 - gate) * carried  # (4)


def dense(layer: LayerArrays, x: jax.Array, h: jax.Array, stride: int, depth: int) -> jax.Array:
    """Return (5)."""
    return jnp.concatenate([x, h], axis=-1)  # (5)


def _carried(layer: LayerArrays, x: jax.Array, stride: int) -> jax.Array:
    """P x."""
    return weighted_sum(layer["projection"], x, stride) if "projection" in layer else x
