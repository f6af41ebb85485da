"""Outputs and scores of trained networks."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import numpy as np

from ravine.engines import working_in
from ravine.networks import METRICS, Network
from ravine.training.loop import Rows

__all__ = ["outputs", "score"]

BUCKETS = (256, 4096, 65_536)  # rows; a batch is padded to the next, so that few programs are compiled


def outputs(network: Network, params: Any, x: np.ndarray) -> np.ndarray:
    """Return the network's outputs: x [N, inputs] -> [N, outputs], for any N."""
    parts = []
    for first in range(0, len(x), BUCKETS[-1]):
        part = x[first : first + BUCKETS[-1]]
        size = next(each for each in BUCKETS if each >= len(part))
        padded = np.zeros((size, x.shape[1]), x.dtype)
        padded[: len(part)] = part
        with working_in(str(x.dtype)):
            parts.append(np.asarray(_apply(network, params, padded))[: len(part)])
    return np.concatenate(parts) if parts else np.zeros((0, network.sizes[-1]), x.dtype)


def score(network: Network, metric: str, params: Any, rows: Rows, unit: float) -> float:
    """Return the metric of one network on rows."""
    z = outputs(network, params, rows.x)
    with working_in(str(z.dtype)):
        return float(_metric(metric, z, rows.y, rows.weight, np.asarray(unit, z.dtype)))


@partial(jax.jit, static_argnums=0)
def _apply(network: Network, params: Any, x: jax.Array) -> jax.Array:
    return network.apply(params, x)


@partial(jax.jit, static_argnums=0)
def _metric(metric: str, z: jax.Array, y: jax.Array, weight: Any, unit: jax.Array) -> jax.Array:
    return METRICS[metric](z, y, weight, unit)
