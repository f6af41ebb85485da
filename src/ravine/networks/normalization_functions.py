"""Batch and layer normalization.  Lecture: "Conclusion", among the choices that make training easier.

Source: Ioffe & Szegedy 2015; Ba, Kiros & Hinton 2016.

    batch   y = scale (x - mean) / sqrt(variance + eps) + shift                                         (1)
            statistics of each unit over the rows; for images of each channel over rows and pixels
            running <- momentum running + (1 - momentum) batch statistics                               (2)
            inference uses the running statistics in (1)
    layer   (1) with statistics of each row over its units; for images over its pixels and channels     (3)

x are the weighted sums of a layer. Scale and shift are parameters. In training, the variance in (1) divides
by the number n of values. The variance in (2) divides by n - 1, because inference needs an unbiased estimate
of the variance of all rows. torch does the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp

if TYPE_CHECKING:
    from ravine.networks.parameters import LayerArrays

__all__ = ["EPS", "MOMENTUM", "batch_norm", "batch_norm_training", "layer_norm"]

EPS = 1e-5  # added to the variance in (1)
MOMENTUM = 0.9  # averaging rate of the running statistics in (2); torch calls 1 - 0.9 the momentum

Arrays = Mapping[str, jax.Array]


def batch_norm(layer: LayerArrays, x: jax.Array, stats: Arrays, eps: float = EPS) -> jax.Array:
    """Return the weighted sums x [B, ..., C], normalized by given statistics of each unit: [B, ..., C].

    The result is scale (x - mean) / sqrt(variance + eps) + shift, with the arrays `scale` and `shift` of
    `layer`. stats: {"mean": [C], "variance": [C]}.
    """
    gain = layer["scale"] * jax.lax.rsqrt(stats["variance"] + eps)
    return (x - _last(stats["mean"], x)) * _last(gain, x) + _last(layer["shift"], x)


def batch_norm_training(
    layer: LayerArrays, x: jax.Array, stats: Arrays, momentum: float = MOMENTUM, eps: float = EPS
) -> tuple[jax.Array, Arrays]:
    """Return sums x [B, ..., C], normalized by the batch's statistics of each unit, and running statistics.

    x are the weighted sums of a layer. The arrays `scale` and `shift` of `layer` are applied after
    normalization. The new running statistics are momentum times the old ones, `stats`, plus (1 - momentum)
    times those of the batch, with the unbiased variance.
    """
    axes = tuple(range(x.ndim - 1))
    mean = jnp.mean(x, axis=axes)
    variance = jnp.mean((x - _last(mean, x)) ** 2, axis=axes)
    y = batch_norm(layer, x, {"mean": mean, "variance": variance}, eps)  # (1)
    count = x.size // x.shape[-1]
    batch = {"mean": mean, "variance": variance * (count / max(count - 1, 1))}
    # Running statistics must not carry a gradient from one step to the next.
    batch = jax.lax.stop_gradient(batch)
    return y, {name: momentum * stats[name] + (1 - momentum) * batch[name] for name in batch}  # (2)


def layer_norm(layer: LayerArrays, x: jax.Array, eps: float = EPS) -> jax.Array:
    """Return weighted sums x [B, ..., C], each row normalized by its own mean and variance: [B, ..., C].

    The mean and variance of a row are those over all its units, of an image over pixels and channels. The
    arrays `scale` and `shift` of `layer` are applied after normalization.
    """
    axes = tuple(range(1, x.ndim))
    mean = jnp.mean(x, axis=axes, keepdims=True)
    variance = jnp.mean((x - mean) ** 2, axis=axes, keepdims=True)
    y = (x - mean) * jax.lax.rsqrt(variance + eps)
    return y * _last(layer["scale"], x) + _last(layer["shift"], x)  # (3)


def _last(values: jax.Array, like: jax.Array) -> jax.Array:
    """Return values [C] in the shape [1, ..., C] of as many axes as `like` [..., C]."""
    return values.reshape((1,) * (like.ndim - 1) + values.shape)
