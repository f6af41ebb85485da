"""The first weights of a layer.

Weights are drawn on the host, in the order of the layers, from the generator given: the same draw on every
device, and the same standard normal numbers under every scheme of `INITIALIZATIONS`.
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
    """Return a layer's own arrays: its weight drawn, its `scale` 1, all else 0; trees within are left out.

    shapes: that of a weight is [fan_in, fan_out], or of a convolution [size, size, C, K], each unit of which
    sees size * size * C inputs, and each input reaches size * size * K units. Raises UsageError.
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
    for name, own in shapes.items():
        if name != "weight" and isinstance(own, tuple):
            layer[name] = np.full(own, 1.0 if name == "scale" else 0.0, dtype)
    return layer
