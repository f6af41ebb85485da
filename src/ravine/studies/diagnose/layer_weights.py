"""The weights of a network, layer by layer, in its parameters, in their gradients or in their updates."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ravine.networks import AnyNetwork, Network

__all__ = ["first_weights", "layer_weights"]


def layer_weights(network: AnyNetwork, tree: Any) -> list[jax.Array]:
    """Return the weights of each layer as one vector [weight]. tree: a tree like the parameters.

    A network of a Python file counts as one layer, whose weights are all of its parameters.
    """
    if isinstance(network, Network):
        return [layer["weight"].ravel() for layer in tree]
    return [jnp.concatenate([leaf.ravel() for leaf in jax.tree.leaves(tree)])]


def first_weights(network: AnyNetwork, tree: Any) -> jax.Array:
    """Return the weights of the first layer, [fan_in, units]. tree: a tree like the parameters.

    Those of a network of a Python file are not known: [0, 0].
    """
    if not isinstance(network, Network):
        return jnp.zeros((0, 0))
    first = tree[0]["weight"]
    return first.reshape(-1, first.shape[-1])
