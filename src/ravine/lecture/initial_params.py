"""Initial parameters of several networks of one architecture, stacked so that one program trains them all."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from ravine.networks import Network

__all__ = ["initial_params"]


def initial_params(
    network: Network, generator: np.random.Generator, seeds: int, dtype: str = "float64"
) -> Any:
    """Return random initial parameters of `seeds` networks of one architecture, in one tree of arrays.

    Every array of the tree has a first axis [seed] before its own axes. Weights follow the He initialization.
    """
    trees = [network.init(generator, dtype=dtype) for _ in range(seeds)]
    return jax.tree.map(lambda *arrays: np.stack(arrays), *trees)
