"""The share of a gradient that gets through all layers of a network, from its outputs back to its inputs."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp

from ravine.networks import Network
from ravine.networks.parameters import LayerArrays, Params

__all__ = ["gradient_gain"]


@partial(jax.jit, static_argnums=0)
def gradient_gain(
    net: Network, params: Params, x: jax.Array, outside: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Return the gain of gradients, a scalar [], and the gradient norms at the biases, [layer].

    The gain is the gradient norm at the inputs, divided by the norm before all layers. The norm before all
    layers is that of the gradient which the output layer passes to the last hidden layer, and in a dense
    network to the inputs. Norms are root mean squares over rows. Norms at the biases are relative to the norm
    at the last hidden layer.

    x [N, inputs]: rows. outside [N, outputs]: gradient of the loss with respect to the outputs.
    """

    def loss(biases: list[jax.Array], row: jax.Array, outside: jax.Array) -> jax.Array:
        layers: list[LayerArrays] = [
            {**layer, "bias": bias} for layer, bias in zip(params, biases, strict=True)
        ]
        return jnp.sum(net.apply(layers, row[None])[0] * outside)

    biases = [layer["bias"] for layer in params]
    by_row = jax.vmap(jax.grad(loss, argnums=(0, 1)), in_axes=(None, 0, 0))
    to_biases, to_inputs = by_row(biases, x, outside)
    late = outside @ params[-1]["weight"][: x.shape[1]].T
    by_layer = jnp.stack([jnp.linalg.norm(gradient) for gradient in to_biases[:-1]])
    return jnp.linalg.norm(to_inputs) / jnp.linalg.norm(late), by_layer / by_layer[-1]
