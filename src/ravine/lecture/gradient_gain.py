"""How much of a gradient gets through all layers of a net, from its outputs back to its inputs."""

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
    """Return the gradient's norm at the inputs over that past all layers, and [layer] at the biases.

    x [N, inputs]; outside [N, outputs]: the gradient of what is minimised with respect to the outputs. Norms
    are root mean squares over rows. Past all layers is what the last layer's weights hand to as many units
    as there are inputs: in a dense net the inputs themselves, else the last hidden layer. Those at the biases
    are relative to the last hidden layer's.
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
    by_layer = jnp.stack([jnp.linalg.norm(each) for each in to_biases[:-1]])
    return jnp.linalg.norm(to_inputs) / jnp.linalg.norm(late), by_layer / by_layer[-1]
