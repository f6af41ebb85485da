"""Inputs as they were given, not standardised: what a network sees of whom nobody standardised the data.

x <- x scale + center      (1)      undoes the encoder, column by column; categories stay 0 and 1
"""

from __future__ import annotations

import numpy as np

from ravine.data.encoder import Encoder
from ravine.data.scaling import Scaler

__all__ = ["unscaled"]


def unscaled(encoder: Encoder, x: np.ndarray) -> Scaler:
    """Return what turns encoded rows `[N, D]` into the numbers given; gaps get the training rows' median."""
    center, scale = [], []
    for column in encoder.columns:
        number = column.kind != "category"
        center += [column.center] * number + [0.0] * (len(column.outputs) - number)
        scale += [column.scale] * number + [1.0] * (len(column.outputs) - number)
    means, scales = np.asarray(center, np.float64), np.asarray(scale, np.float64)
    return Scaler(Scaler.fit(x).fill, -means / scales, 1 / scales)  # (1), as (x - mean) / scale
