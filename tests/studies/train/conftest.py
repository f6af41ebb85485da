"""One small training, shared by the tests of design, result and view."""

from __future__ import annotations

import numpy as np
import pytest

import ravine


@pytest.fixture(scope="session")
def trained():
    """Three seeds on 80 rows, stopped early, with a schedule of dropout."""
    x = np.random.default_rng(0).standard_normal((80, 3))
    return ravine.train(
        x, (x[:, 0] > 0).astype(int), net="4 dropout=0.2", epochs=6, seeds=3, early_stop=2, l2=0.01,
        hyper_schedule=["dropout=linear(0.5)"], schedule="step(0.5,every=2)",
    )  # fmt: skip
