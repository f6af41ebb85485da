"""Initial parameters of several seeds in one tree of arrays, for programs that train all seeds at once."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from ravine.networks import Network

__all__ = ["initial_params"]


def initial_params(
    network: Network, generator: np.random.Generator, seeds: int, dtype: str = "float64"
) -> Any:
    """Return the parameters of `seeds` networks; each array has a first axis [seed] before its own axes."""
    trees = [network.init(generator, dtype=dtype) for _ in range(seeds)]
    return jax.tree.map(lambda *arrays: np.stack(arrays), *trees)
