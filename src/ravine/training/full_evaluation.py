"""Loss and score of one network on all validation rows, where its curves are measured on a sample of them.

The outputs are computed in blocks of rows whose activations stay in the cache of a core.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import jax
import jax.numpy as jnp

from ravine.networks import AnyNetwork
from ravine.networks.parameters import Params, Statistics
from ravine.training.loop import Numbers, Rows, loss_and_score
from ravine.training.plan import EvaluationKey

__all__ = ["full_scores"]

BLOCK_ROWS = 1024


def full_scores(
    key: EvaluationKey, params: Params, stats: Statistics, numbers: Numbers, rows: Rows
) -> tuple[float, float]:
    """Return loss and score of a network on rows: x [m, D], y [m].

    key: the network and the names of loss and metric, from `Plan.evaluation_key`. params, stats: parameters
    and running statistics of the network. numbers: hyperparameters of the run.
    """
    hyper = {name: numbers["extra"][name] for name in key[0].hyper_names}
    loss, score = _evaluated(key, params, stats, hyper, numbers["target_scale"], rows)
    return float(loss), float(score)


@partial(jax.jit, static_argnums=0)
def _evaluated(
    key: EvaluationKey,
    params: Params,
    stats: Statistics,
    hyper: Mapping[str, jax.Array],
    target_scale: jax.Array,
    rows: Rows,
) -> tuple[jax.Array, jax.Array]:
    """Return loss and score, two scalars, by a program for each network and number of rows."""
    return loss_and_score(key, _outputs(key[0], params, stats, hyper, rows.x), target_scale, rows)


def _outputs(
    network: AnyNetwork, params: Params, stats: Statistics, hyper: Mapping[str, jax.Array], x: jax.Array
) -> jax.Array:
    """Return the outputs [m, K] for inputs x [m, D]."""

    def apply(block: jax.Array) -> jax.Array:
        return network.apply(params, block, stats, hyper)

    blocks, rest = divmod(x.shape[0], BLOCK_ROWS)
    if not blocks:
        return apply(x)
    whole = x[: blocks * BLOCK_ROWS].reshape(blocks, BLOCK_ROWS, x.shape[1])
    outputs = jax.lax.map(apply, whole).reshape(blocks * BLOCK_ROWS, -1)
    return jnp.concatenate([outputs, apply(x[blocks * BLOCK_ROWS :])]) if rest else outputs
