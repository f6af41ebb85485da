"""Batch and layer normalization.  Lecture: "Conclusion", among the choices that make training easier.

    batch   y = scale (x - mean) / sqrt(variance + eps) + shift       over the rows, unit by unit       (1)
            (of images: over rows and places, channel by channel)
            running <- momentum running + (1 - momentum) batch's       used instead in inference        (2)
    layer   the same formula over the units of one row                                                  (3)
            (of images: over all places and channels, scale and shift by channel)

In (1) the variance divides by n; in (2) it is the unbiased one, which divides by n - 1: inference estimates
the variance of all rows from few. torch does the same. Ioffe & Szegedy 2015; Ba, Kiros & Hinton 2016.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp

if TYPE_CHECKING:
    from ravine.networks.parameters import LayerArrays

__all__ = ["EPS", "MOMENTUM", "batch_norm", "batch_norm_training", "layer_norm"]

EPS = 1e-5
MOMENTUM = 0.9  # of the running statistics; torch's momentum is 1 - this

Arrays = Mapping[str, jax.Array]


def batch_norm(layer: LayerArrays, x: jax.Array, stats: Arrays, eps: float = EPS) -> jax.Array:
    """Normalize x [B, ..., C] by the running statistics {"mean": [C], "variance": [C]}."""
    gain = layer["scale"] * jax.lax.rsqrt(stats["variance"] + eps)
    return (x - _last(stats["mean"], x)) * _last(gain, x) + _last(layer["shift"], x)


def batch_norm_training(
    layer: LayerArrays, x: jax.Array, stats: Arrays, momentum: float = MOMENTUM, eps: float = EPS
) -> tuple[jax.Array, Arrays]:
    """Normalize x [B, ..., C] by its own statistics; return it and the running ones moved on."""
    axes = tuple(range(x.ndim - 1))
    mean = jnp.mean(x, axis=axes)
    variance = jnp.mean((x - _last(mean, x)) ** 2, axis=axes)
    y = batch_norm(layer, x, {"mean": mean, "variance": variance}, eps)  # (1)
    count = x.size // x.shape[-1]
    seen = {"mean": mean, "variance": variance * (count / max(count - 1, 1))}
    # What inference will use is no function of the parameters to be differentiated.
    seen = jax.lax.stop_gradient(seen)
    return y, {name: momentum * stats[name] + (1 - momentum) * seen[name] for name in seen}  # (2)


def layer_norm(layer: LayerArrays, x: jax.Array, eps: float = EPS) -> jax.Array:
    """Normalize each row of x [B, ..., C] by its own mean and variance."""
    axes = tuple(range(1, x.ndim))
    mean = jnp.mean(x, axis=axes, keepdims=True)
    variance = jnp.mean((x - mean) ** 2, axis=axes, keepdims=True)
    y = (x - mean) * jax.lax.rsqrt(variance + eps)
    return y * _last(layer["scale"], x) + _last(layer["shift"], x)  # (3)


def _last(values: jax.Array, like: jax.Array) -> jax.Array:
    """Values [C] ready to meet an array [..., C]."""
    return values.reshape((1,) * (like.ndim - 1) + values.shape)
