"""The factor by which the norm of a gradient changes on its way back through the layers of a network."""

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
    """Return the gain [] of a gradient in a network, and its norms at the biases of hidden layers [layer].

    A gradient is given at the outputs and goes back through the network. The gain is its norm at the inputs,
    divided by the norm that the output layer passes back to the last hidden layer. In a dense network the
    divisor is the part that the output layer passes directly to the inputs. The norms at the biases are
    divided by that of the last hidden layer. All norms are root mean squares over rows.

    x [N, inputs]: rows. outside [N, outputs]: the gradient at the outputs.
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
