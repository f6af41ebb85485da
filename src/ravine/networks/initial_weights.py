"""The draw of the initial weights of a layer.

Weights are drawn on the host, layer by layer, from one generator. All devices therefore get the same weights,
and all schemes of `INITIALIZATIONS` scale the same standard normal numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ravine.errors import UsageError, did_you_mean
from ravine.networks.initialization import INITIALIZATIONS

__all__ = ["draw_layer"]


def draw_layer(
    shapes: Mapping[str, Any], generator: np.random.Generator, scheme: str, scale: float, dtype: str
) -> dict[str, Any]:
    """Return the initial arrays of a layer by name: a random `weight`, a `scale` of 1, all others 0.

    The entries of the weight are normal with mean 0. The arrays of a gate or a projection are left out.

    shapes      shapes of the arrays by name. A weight is [fan_in, fan_out], or for a convolution [size, size,
                C, K] with a fan-in of size * size * C and a fan-out of size * size * K.
    generator   random numbers
    scheme      name in `INITIALIZATIONS`, which fixes the variance
    scale       factor on the standard deviation
    dtype       type of the arrays

    Raises UsageError for an unknown scheme.
    """
    if scheme not in INITIALIZATIONS:
        raise UsageError(
            f"There is no initialization '{scheme}'.",
            "",
            did_you_mean(scheme, INITIALIZATIONS),
            allowed=tuple(INITIALIZATIONS),
        )
    shape = shapes["weight"]
    fan_in, fan_out = math.prod(shape[:-1]), math.prod(shape[:-2]) * shape[-1]
    spread = scale * np.sqrt(INITIALIZATIONS[scheme].variance(fan_in, fan_out))
    layer: dict[str, Any] = {"weight": (spread * generator.standard_normal(shape)).astype(dtype)}
    for name, size in shapes.items():
        if name != "weight" and isinstance(size, tuple):
            layer[name] = np.full(size, 1.0 if name == "scale" else 0.0, dtype)
    return layer
