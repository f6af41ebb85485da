"""The points at which curvature is measured: a network during its training on the digits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from digits import biased, digits

Layers = list[tuple[np.ndarray, np.ndarray]]

RATE = 0.1  # of full gradient descent


def trained(sizes: list[int], rows: int, steps: Sequence[int]) -> tuple[np.ndarray, np.ndarray, list[Layers]]:
    """Return rows [N, 64], labels [N], and weights and biases after each number of `steps`, float32.

    They are trained in float64, so that every environment has the same.
    """
    x, y, _, _ = digits(rows)
    layers = [(weight.astype(np.float64), bias.astype(np.float64)) for weight, bias in biased(sizes)]
    hot, networks = np.eye(sizes[-1])[y], []
    for step in range(max(steps) + 1):
        if step in steps:
            networks.append([(w.astype(np.float32), b.astype(np.float32)) for w, b in layers])
        values = [x.astype(np.float64)]
        for weight, bias in layers[:-1]:
            values.append(np.maximum(values[-1] @ weight + bias, 0))
        outputs = values[-1] @ layers[-1][0] + layers[-1][1]
        shares = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        back = (shares / shares.sum(axis=1, keepdims=True) - hot) / rows
        stepped = []
        for (weight, bias), value in zip(reversed(layers), reversed(values), strict=True):
            stepped.append((weight - RATE * value.T @ back, bias - RATE * back.sum(axis=0)))
            back = (back @ weight.T) * (value > 0)
        layers = stepped[::-1]
    return x, y, networks
