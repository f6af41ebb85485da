"""A small data set, and a training of it that takes a second."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ravine
from ravine.data import Dataset, from_arrays


@pytest.fixture(scope="session")
def rows() -> tuple[np.ndarray, np.ndarray]:
    """Two overlapping clouds: inputs [120, 3] and classes [120]."""
    random = np.random.default_rng(0)
    y = random.integers(0, 2, 120)
    return random.normal(size=(120, 3)) + 1.5 * y[:, None], y


@pytest.fixture(scope="session")
def blobs(rows) -> Dataset:
    """The clouds as a data set."""
    return from_arrays(*rows, name="blobs")


@pytest.fixture(scope="session")
def frame() -> pd.DataFrame:
    """80 rows with a number, a category with a missing value, and a target of three classes."""
    random = np.random.default_rng(1)
    color = random.choice(["red", "green"], 80).astype(object)
    color[3] = None
    return pd.DataFrame({"size": random.normal(size=80), "color": color, "kind": list("abcb") * 20})


@pytest.fixture(scope="session")
def trained(frame, tmp_path_factory) -> ravine.TrainResult:
    """A training of two seeds in a run directory."""
    folder = tmp_path_factory.mktemp("trained") / "run"
    return ravine.train(frame, "kind", net="4 batchnorm", epochs=3, seeds=2, out=folder)
