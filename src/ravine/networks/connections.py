"""How a layer's result joins what came before.  Lecture: "Residual connections".

    plain             h                                                              (1)
    residual          P x + h                   He et al. 2016                       (2)
    scaled-residual   P x + h / sqrt(L)         L layers; gradients stay bounded     (3)
    highway           t h + (1 - t) P x,        Srivastava et al. 2015               (4)
                      t = sigmoid(x G + g)      the transform gate; g < 0 at first: mostly carry
    dense             [x, h]                    Huang et al. 2017: every earlier result is kept       (5)

x entered the layer, h is its result after activation and dropout. P is the identity where x and h have one
shape, else a linear projection without bias (of images: a 1x1 convolution of the layer's stride).
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

from ravine.networks.convolution import convolve
from ravine.networks.linear import dense

__all__ = ["CONNECTIONS", "GATE_BIAS", "join", "weighted_sum"]

CONNECTIONS = ("plain", "residual", "scaled-residual", "highway", "dense")
GATE_BIAS = -2.0  # of every transform gate at first


def weighted_sum(layer: dict[str, Any], x: jax.Array, stride: int = 1) -> jax.Array:
    """Return the layer's sums of x [B, D] or [B, H, W, C], by the shape of its weight."""
    return convolve(layer, x, stride) if layer["weight"].ndim == 4 else dense(layer, x)


def join(
    connection: str, layer: dict[str, Any], x: jax.Array, h: jax.Array, stride: int, depth: int
) -> jax.Array:
    """Return (1) to (5): x [B, ..., C] entered, h [B, ..., K] came of it; `depth` is L."""
    if connection == "plain":
        return h  # (1)
    if connection == "dense":
        return jnp.concatenate([x, h], axis=-1)  # (5)
    carried = weighted_sum(layer["projection"], x, stride) if "projection" in layer else x
    if connection == "residual":
        return carried + h  # (2)
    if connection == "scaled-residual":
        return carried + h / math.sqrt(depth)  # (3)
    gate = jax.nn.sigmoid(weighted_sum(layer["gate"], x, stride))
    return gate * h + (1 - gate) * carried  # (4)
