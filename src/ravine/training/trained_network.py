"""Trained networks: their outputs and scores for any number of rows.

Rows are padded to a few batch sizes, so that few programs are compiled for data of all sizes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import jax
import numpy as np

from ravine.engines import precision_context
from ravine.networks import METRICS, AnyNetwork
from ravine.networks.parameters import Params, Statistics
from ravine.records.record import Record
from ravine.training.initial_state import parameters_of, statistics_of
from ravine.training.loop import Rows

__all__ = ["TrainedNetwork", "score_of"]

BATCH_ROWS = (256, 4096, 65_536)  # sizes to which batches are padded


@dataclass(frozen=True)
class TrainedNetwork:
    """A trained network: its architecture with the values of its parameters.

    stats: running statistics of batch normalization, () without it.
    hyper: values of the hyperparameters in `Network.hyper_names`, by name.
    """

    network: AnyNetwork
    params: Params
    stats: Statistics = ()
    hyper: Mapping[str, float] = field(default_factory=dict)

    @property
    def precision(self) -> str:
        """Data type of the parameters, "float32" or "float64"."""
        return str(jax.tree.leaves(self.params)[0].dtype)

    @classmethod
    def from_record(cls, network: AnyNetwork, record: Record, run: int) -> TrainedNetwork:
        """Return the network that a run of a record kept: its last one, or with early stopping its best one.

        The record must hold parameters. network: architecture of the run. run: index of the run in the
        record.
        """
        params = parameters_of(network, record.final["parameters"][run])
        vector = record.final["statistics"][run] if "statistics" in record.final else None
        stats = statistics_of(network, vector, str(jax.tree.leaves(params)[0].dtype))
        hyper = {name: float(record.hyper[name][run]) for name in network.hyper_names}
        return cls(network, params, stats, hyper)

    def outputs(self, x: np.ndarray) -> np.ndarray:
        """Return the outputs of the network for inputs x [N, inputs], in inference mode: [N, outputs].

        The rows are computed in batches, so N may be large.
        """
        hyper = {name: np.asarray(self.hyper[name], x.dtype) for name in self.network.hyper_names}
        parts = []
        for first in range(0, len(x), BATCH_ROWS[-1]):
            part = x[first : first + BATCH_ROWS[-1]]
            size = next(rows for rows in BATCH_ROWS if rows >= len(part))
            padded = np.zeros((size, x.shape[1]), x.dtype)
            padded[: len(part)] = part
            with precision_context(str(x.dtype)):
                z = _apply(self.network, self.params, padded, self.stats, hyper)
                parts.append(np.asarray(z)[: len(part)])
        return np.concatenate(parts) if parts else np.zeros((0, self.network.sizes[-1]), x.dtype)

    def score(self, metric: str, rows: Rows, target_scale: float) -> float:
        """Return the score of the network on rows x [N, inputs] by a metric, NaN where it is not defined.

        metric: name of the metric. target_scale: standard deviation of a regression target in its own unit.
        """
        return score_of(metric, self.outputs(rows.x), rows.y, rows.weight, target_scale)


def score_of(
    metric: str, outputs: np.ndarray, y: np.ndarray, weight: np.ndarray | None, target_scale: float
) -> float:
    """Return the score of network outputs [N, outputs] for targets `y` [N]; NaN where it is not defined.

    metric: name of the metric. y: class indices, or standardized numbers. weight: row weights [N], or None.
    target_scale: standard deviation of a regression target in its own unit.
    """
    with precision_context(str(outputs.dtype)):
        return float(_metric(metric, outputs, y, weight, np.asarray(target_scale, outputs.dtype)))


@partial(jax.jit, static_argnums=0)
def _apply(
    network: AnyNetwork, params: Params, x: jax.Array, stats: Statistics, hyper: Mapping[str, jax.Array]
) -> jax.Array:
    """Return the outputs of one batch, [N, outputs], by a program for each network and batch size."""
    return network.apply(params, x, stats, hyper)


@partial(jax.jit, static_argnums=0)
def _metric(
    metric: str, z: jax.Array, y: jax.Array, weight: jax.Array | None, target_scale: jax.Array
) -> jax.Array:
    """Return the metric of outputs z [N, outputs], by a program for each metric and number of rows."""
    return METRICS[metric](z, y, weight, target_scale)
