"""A small set on which comparisons take seconds."""

from __future__ import annotations

import numpy as np
import pytest

from ravine.data import Dataset, from_arrays


@pytest.fixture(scope="session")
def blobs() -> Dataset:
    """Two overlapping clouds: 300 rows, 4 inputs."""
    random = np.random.default_rng(0)
    y = random.integers(0, 2, 300)
    return from_arrays(random.normal(size=(300, 4)) + 1.5 * y[:, None], y, name="blobs")


@pytest.fixture(scope="session")
def line() -> Dataset:
    """A noisy line: 200 rows, 3 inputs, in large units."""
    random = np.random.default_rng(1)
    x = random.normal(size=(200, 3))
    return from_arrays(x, 1e3 + 500 * x[:, 0] + 20 * random.normal(size=200), name="line")
