"""The loss of a network at many points of a line or plane in parameter space, computed fast.

    w(a, b) = w + a d + b e                          (1)
    z(a, b) = z(w) + a z(d) + b z(e)                 (2)

w are the parameters at the center, d and e the directions that span the plane, a and b the coordinates of a
point. z are the weighted sums of the inputs in the first layer, which are linear in the parameters. By (2),
three products with the inputs are enough for all points of the plane.

A plain network has neither normalization, skip connections nor convolutions. After its first layer, data rows
are the last axis of each array. A small output layer then has long contiguous rows in memory, along which the
loss is summed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp

from ravine.diagnostics.chunked_mean import chunked_mean
from ravine.diagnostics.loss_slices import displace
from ravine.networks import AnyNetwork, Network, find_loss
from ravine.networks.activations import activation
from ravine.networks.parameters import Params

__all__ = ["plane_losses"]

Numbers = tuple[tuple[str, float], ...]


@lru_cache(maxsize=32)
def plane_losses(
    network: AnyNetwork, loss: str, numbers: Numbers, chunk: int | None, together: int
) -> Callable[..., jax.Array]:
    """Return the function (params, directions, points [P, axes], *data) -> losses [P] on a line or plane.

    The function returns the mean loss of the network over the data rows at each point. points: coordinates on
    the line or plane through `params` along one or two directions. loss: name of the loss of one row.
    numbers: hyperparameters of the network. chunk: number of data rows to compute at a time, which then stay
    in the cache for all points; None for all rows. together: number of points that are computed at the same
    time. The same arguments return the same function, so that JAX finds its compiled program again.
    """
    sums, outputs = _parts(network, dict(numbers))

    def losses(
        params: Params, directions: tuple[Params, ...], points: jax.Array, *data: jax.Array
    ) -> jax.Array:
        def of_rows(x: jax.Array, y: jax.Array, weight: jax.Array | None = None) -> jax.Array:
            center, *along = (sums(tree, x) for tree in (params, *directions))

            def at(point: jax.Array) -> jax.Array:
                first = displace(center, along, point)  # (2)
                values = find_loss(loss)(outputs(displace(params, directions, point), x, first), y)  # (1)
                return jnp.mean(values if weight is None else values * weight)

            return jax.lax.map(at, points, batch_size=min(together, len(points)))

        return chunked_mean(of_rows, data, chunk)

    return losses


def _parts(
    network: AnyNetwork, hyper: Mapping[str, float]
) -> tuple[Callable[[Params, jax.Array], Any], Callable[[Params, jax.Array, Any], jax.Array]]:
    """Return the functions (params, x) -> sums of the first layer, and (params, x, sums) -> outputs [N, K].

    The first function returns (), a tree without arrays, if the first layer is not known, as in a network of
    a Python file.
    """
    if not isinstance(network, Network):
        return lambda params, x: (), lambda params, x, first: network.apply_to_all(params, x, hyper)
    bare = replace(network, dropout=False)
    if network.connection_type.skips or network.norm_type.normalizes or network.conv or network.slope:

        def outputs(params: Params, x: jax.Array, first: jax.Array) -> jax.Array:
            return bare.apply_training(params, x, bare.statistics(str(x.dtype)), hyper, first=first)[0]

        return bare.first_preactivation, outputs
    return (
        lambda params, x: bare.first_preactivation(params, x).T,
        lambda params, x, first: _rows_last(bare, params, first),
    )


def _rows_last(network: Network, params: Params, first: jax.Array) -> jax.Array:
    """Return the outputs [N, K] of a plain network from the weighted sums of its first layer [units, N]."""
    f = activation(network.activation)
    z = first
    for layer in params[1:]:
        # the barrier stores the transpose; without it the compiler swaps the factors of the product
        z = jax.lax.optimization_barrier(layer["weight"].T) @ f(z) + layer["bias"][:, None]
    return z.T
