"""Where curvature is looked at: a network as it trains on the digits; and how a setting is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from digits import biased, digits

Layers = list[tuple[np.ndarray, np.ndarray]]
Setting = TypeVar("Setting")

RATE = 0.1  # of full gradient descent
STARTS = 3  # a setting must be right from each


def trained(sizes: list[int], rows: int, steps: Sequence[int]) -> tuple[np.ndarray, np.ndarray, list[Layers]]:
    """Return rows [N, 64], labels [N], and weights and biases after each number of `steps`, float32.

    They are trained in float64, so that every environment has the same.
    """
    x, y, _, _ = digits(rows)
    layers = [(weight.astype(np.float64), bias.astype(np.float64)) for weight, bias in biased(sizes)]
    hot, found = np.eye(sizes[-1])[y], []
    for step in range(max(steps) + 1):
        if step in steps:
            found.append([(w.astype(np.float32), b.astype(np.float32)) for w, b in layers])
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
    return x, y, found


def cheapest(
    error: Callable[[Setting, int], float], settings: Sequence[Setting], accuracy: float
) -> tuple[Setting, float]:
    """Return the first of `settings` (cheapest first) whose error(setting, seed) is small, and that error.

    It is the median over starts. Raises ValueError if none reaches `accuracy`.
    """
    for setting in settings:
        found = float(np.median([error(setting, seed) for seed in range(STARTS)]))
        if found <= accuracy:
            return setting, found
    raise ValueError(f"No setting of {list(settings)} reaches {accuracy}: the last is wrong by {found:.2g}.")


def distance(nodes: np.ndarray, weights: np.ndarray, exact: Sequence[float]) -> float:
    """Return the Wasserstein-1 distance of a spectrum from the eigenvalues, over their mean size."""
    from scipy.stats import wasserstein_distance

    apart = wasserstein_distance(np.ravel(nodes), exact, np.maximum(np.ravel(weights), 0))
    return float(apart / np.mean(np.abs(exact)))
