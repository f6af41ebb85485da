"""How weights start.  Lecture: "Consequences of nonconvexity", "Gradients can get very small".

    weight ~ N(0, variance)          bias = 0
    he      variance = 2 / fan_in                  He et al. 2015
    glorot  variance = 2 / (fan_in + fan_out)      Glorot & Bengio 2010
    lecun   variance = 1 / fan_in                  LeCun et al. 1998
    zero    variance = 0
    scaled  variance = scale^2

Weights are drawn on the host, in the order of the layers, from the generator given: the same draw on every
device, and the same standard normal numbers under every scheme.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from ravine.errors import UsageError, did_you_mean

__all__ = ["INITIALISATIONS", "initialise"]

INITIALISATIONS: dict[str, Callable[[int, int], float]] = {
    "he": lambda fan_in, fan_out: 2 / fan_in,
    "glorot": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "lecun": lambda fan_in, fan_out: 1 / fan_in,
    "zero": lambda fan_in, fan_out: 0.0,
    "scaled": lambda fan_in, fan_out: 1.0,
}


def initialise(
    sizes: tuple[int, ...],
    generator: np.random.Generator,
    scheme: str = "he",
    scale: float = 1.0,
    dtype: str = "float32",
) -> list[dict[str, np.ndarray]]:
    """Return one {"weight": [fan_in, fan_out], "bias": [fan_out]} a layer; `scale` multiplies every weight.

    Raises UsageError for an unknown scheme.
    """
    if scheme not in INITIALISATIONS:
        raise UsageError(f"There is no initialisation '{scheme}'.", "", did_you_mean(scheme, INITIALISATIONS))
    layers = []
    for fan_in, fan_out in pairwise(sizes):
        spread = scale * np.sqrt(INITIALISATIONS[scheme](fan_in, fan_out))
        weight = spread * generator.standard_normal((fan_in, fan_out))
        layers.append({"weight": weight.astype(dtype), "bias": np.zeros(fan_out, dtype)})
    return layers
