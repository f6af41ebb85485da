"""The training loss at many points of a plane through parameters, for `landscape`.

    w(a, b) = w + a d + b e                          (1)
    z(a, b) = z(w) + a z(d) + b z(e)                 (2)   z: the first layer's sums, linear in the weights

So three products with all inputs stand for one a point. A plain network goes on with its rows last: a small
output layer's values lie in long rows, and the loss is worked out along them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import jax
import jax.numpy as jnp

from ravine.diagnostics.chunked_mean import chunked_mean
from ravine.diagnostics.loss_slices import displace
from ravine.networks import LOSSES, Network
from ravine.networks.activations import activation
from ravine.networks.parameters import Params

__all__ = ["plane_losses"]

Numbers = tuple[tuple[str, float], ...]


@lru_cache(maxsize=32)
def plane_losses(
    network: Network, loss: str, numbers: Numbers, at_once: int | None, side_by_side: int
) -> Callable[..., jax.Array]:
    """Return the mean loss at many points: (params, directions, points [P, axes], *rows) -> [P].

    `at_once` rows stay in the cache for all points, of which some are worked on side by side. The same
    arguments give the same function, so that compiled programs are found again.
    """
    bare, given = replace(network, dropout=False), dict(numbers)
    plain = not (
        network.connection_type.skips or network.norm_type.normalizes or network.conv or network.slope
    )

    def outputs(params: Params, x: jax.Array, first: jax.Array) -> jax.Array:
        if plain:
            return _rows_last(bare, params, first)
        found, _ = bare.apply_training(params, x, bare.statistics(str(x.dtype)), given, first=first)
        return found

    def losses(
        params: Params, directions: tuple[Params, ...], points: jax.Array, *data: jax.Array
    ) -> jax.Array:
        def of_rows(x: jax.Array, y: jax.Array, weight: jax.Array | None = None) -> jax.Array:
            sums = [bare.first_preactivation(tree, x) for tree in (params, *directions)]
            sums = [each.T for each in sums] if plain else sums

            def at(point: jax.Array) -> jax.Array:
                first = displace(sums[0], sums[1:], point)  # (2)
                values = LOSSES[loss](outputs(displace(params, directions, point), x, first), y)  # (1)
                return jnp.mean(values if weight is None else values * weight)

            return jax.lax.map(at, points, batch_size=min(side_by_side, len(points)))

        return chunked_mean(of_rows, data, at_once)

    return losses


def _rows_last(network: Network, params: Params, first: jax.Array) -> jax.Array:
    """Return the outputs [N, K] of a plain network from its first layer's sums [units, N]."""
    f = activation(network.activation)
    z = first
    for layer in params[1:]:
        # laid out anew, or the compiler has the product with its factors in the other order
        z = jax.lax.optimization_barrier(layer["weight"].T) @ f(z) + layer["bias"][:, None]
    return z.T
