"""Measurement of the weights of a network: units of a hidden layer with equal incoming weights."""

from __future__ import annotations

import numpy as np

from ravine.networks.parameters import Params

__all__ = ["alike_units"]

DIGITS = 5  # decimals, relative to the largest weight of a layer, to which equal weights agree


def alike_units(params: Params) -> np.ndarray:
    """Return for each hidden layer the share of units with the incoming weights of another unit, [layer].

    Weights count as equal if they agree within 1e-5 of the largest weight of the layer. Units that also have
    equal outgoing weights receive equal gradients, so that training never tells them apart.
    """
    shares = []
    for layer in params[:-1]:
        weight = np.asarray(layer["weight"], np.float64)
        units = weight.reshape(-1, weight.shape[-1]).T
        scale = float(np.abs(units).max()) or 1.0
        _, unit, counts = np.unique(
            np.round(units / scale, DIGITS), axis=0, return_inverse=True, return_counts=True
        )
        shares.append(float(np.mean(counts[unit.ravel()] > 1)))
    return np.array(shares)
