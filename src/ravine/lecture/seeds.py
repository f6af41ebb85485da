"""What experiments over seeds share: first parameters side by side, and the interval of a mean.

half width of the 95 % interval = t(0.975, n - 1) s / sqrt(n)          (1)      Student 1908
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from ravine.networks import Network

__all__ = ["half_width", "starts"]


def half_width(values: np.ndarray) -> float:
    """Return half the 95 % interval of the mean of `values` [seed]; NaN where there is none."""
    from scipy.special import stdtrit

    if len(values) < 2:
        return float("nan")
    return float(stdtrit(len(values) - 1, 0.975) * np.std(values, ddof=1) / np.sqrt(len(values)))  # (1)


def starts(network: Network, generator: np.random.Generator, seeds: int, dtype: str = "float64") -> Any:
    """Return first parameters, each array with an axis [seed] before its own."""
    each = [network.init(generator, dtype=dtype) for _ in range(seeds)]
    return jax.tree.map(lambda *arrays: np.stack(arrays), *each)
