"""A table for all workers: float32 inputs [N, D] of different means and scales, labels [N] of 10 classes."""

from __future__ import annotations

import numpy as np

CLASSES = 10


def table(rows: int, features: int) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and labels, the same for the same arguments."""
    generator = np.random.default_rng(0)
    x = generator.standard_normal((rows, features), dtype=np.float32)
    weights = generator.standard_normal((features, CLASSES), dtype=np.float32)
    y = (x @ weights + generator.standard_normal((rows, CLASSES), dtype=np.float32)).argmax(1)
    x *= generator.uniform(0.5, 2, features).astype(np.float32)
    x += generator.standard_normal(features).astype(np.float32)
    return x, y.astype(np.int64)
