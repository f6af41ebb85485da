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

import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from ravine.errors import UsageError, did_you_mean

__all__ = ["INITIALISATIONS", "check_initialisation", "draw_layer", "initialise"]

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
    shapes = [{"weight": shape, "bias": shape[1:]} for shape in pairwise(sizes)]
    return [draw_layer(tree, generator, scheme, scale, dtype) for tree in shapes]


def draw_layer(
    shapes: Mapping[str, Any], generator: np.random.Generator, scheme: str, scale: float, dtype: str
) -> dict[str, Any]:
    """Return a layer's own arrays: its weight drawn, its `scale` 1, all else 0; trees within are left out.

    shapes: that of a weight is [fan_in, fan_out], or of a convolution [size, size, C, K], each unit of which
    sees size * size * C inputs, and each input reaches size * size * K units. Raises UsageError.
    """
    if scheme not in INITIALISATIONS:
        raise UsageError(f"There is no initialisation '{scheme}'.", "", did_you_mean(scheme, INITIALISATIONS))
    shape = shapes["weight"]
    fan_in, fan_out = math.prod(shape[:-1]), math.prod(shape[:-2]) * shape[-1]
    spread = scale * np.sqrt(INITIALISATIONS[scheme](fan_in, fan_out))
    layer: dict[str, Any] = {"weight": (spread * generator.standard_normal(shape)).astype(dtype)}
    for name, own in shapes.items():
        if name != "weight" and isinstance(own, tuple):
            layer[name] = np.full(own, 1.0 if name == "scale" else 0.0, dtype)
    return layer


def check_initialisation(name: str) -> str:
    """Return the plain name of an initialisation. Raises UsageError with the nearest name."""
    plain = name.strip().lower()
    if plain not in INITIALISATIONS:
        raise UsageError(f"There is no initialisation '{name}'.", "", did_you_mean(plain, INITIALISATIONS))
    return plain
