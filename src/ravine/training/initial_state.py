"""The initial parameters and random keys of runs, and the parameters that a record holds as one vector.

A seed fixes the initial weights and the random numbers of all steps, for every optimizer in the same way. A
record holds the parameters of a run as one vector [P], and its running statistics as one vector [S], in the
order of the trees' leaves.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from ravine.data.random_keys import keyed_generator
from ravine.networks import AnyNetwork

__all__ = ["initial_params", "parameters_of", "rng_key", "stacked_params", "statistics_of"]


def initial_params(
    network: AnyNetwork,
    root: int,
    seed: int,
    scheme: str = "he",
    scale: float = 1.0,
    precision: str = "float32",
    gate_bias: float | None = None,
) -> Any:
    """Return the initial parameters of the network of one run: one tree of arrays per layer, on the host.

    They depend on the seeds, not on the optimizer, so all optimizers start from equal weights.
    root: root seed of the study (`--seed`). seed: seed of the run. scheme, scale: name of the initialization,
    and factor on the weights, see `ravine.networks.initialization`. precision: "float32" or "float64".
    gate_bias: initial bias of highway gates, None for the usual one.
    """
    # the British spelling is part of the seeds of all initial weights
    more = {} if gate_bias is None else {"gate_bias": gate_bias}
    return network.init(keyed_generator(root, "initialisation", seed), scheme, scale, precision, **more)


def stacked_params(
    network: AnyNetwork,
    root: int,
    seeds: np.ndarray,
    gate_biases: np.ndarray,
    scheme: str,
    scale: float,
    precision: str,
) -> Any:
    """Return the initial parameters of many runs, [run, ...] on the host.

    seeds, gate_biases: [run]; a gate bias of NaN is the usual one. Runs of one seed and gate bias start from
    the same parameters, which are drawn once. The other arguments are those of `initial_params`.
    """
    wanted = [
        (int(seed), None if np.isnan(bias) else float(bias))
        for seed, bias in zip(seeds, gate_biases, strict=True)
    ]
    kinds = list(dict.fromkeys(wanted))
    drawn = [initial_params(network, root, seed, scheme, scale, precision, bias) for seed, bias in kinds]
    place = {kind: k for k, kind in enumerate(kinds)}
    index = np.array([place[kind] for kind in wanted], int)
    return jax.tree.map(lambda *arrays: np.stack(arrays)[index], *drawn)


def rng_key(root: int, seed: int) -> np.ndarray:
    """Return the random key [key] of a seed, for dropout and other draws in the training steps.

    The key is two numbers of uint32. root: root seed of the study. seed: seed of the run.
    """
    return keyed_generator(root, "steps", seed).integers(0, 2**32, 2, dtype=np.uint32)


def parameters_of(network: AnyNetwork, vector: np.ndarray) -> Any:
    """Return the parameters of a network, layer by layer, from the vector [P] that a record holds."""
    return _unflatten(network.init(np.random.default_rng(0), dtype=str(vector.dtype)), vector)


def statistics_of(network: AnyNetwork, vector: np.ndarray | None, precision: str = "float32") -> Any:
    """Return the running statistics of batch normalization from the vector [S] in which a record holds them.

    For a vector of None they are the initial statistics, in `precision`.
    """
    if vector is None:
        return network.statistics(precision)
    return _unflatten(network.statistics(str(vector.dtype)), vector)


def _unflatten(like: Any, vector: np.ndarray) -> Any:
    """Cut a vector into arrays of the shapes of `like`, in the order of its leaves."""
    leaves, tree = jax.tree.flatten(like)
    ends = np.cumsum([leaf.size for leaf in leaves])
    parts = np.split(np.asarray(vector), ends[:-1])
    return jax.tree.unflatten(tree, [p.reshape(leaf.shape) for p, leaf in zip(parts, leaves, strict=True)])
