"""Batches of chosen rows, some of whose training labels are random."""

import numpy as np
import pytest

from ravine.data import Dataset, from_arrays
from ravine.data.splits import Split
from ravine.execution.label_noise import LabelNoiseBatches
from ravine.training import Batches


@pytest.fixture(scope="module")
def blobs() -> Dataset:
    """Two overlapping clouds: 300 rows, 4 inputs."""
    random = np.random.default_rng(0)
    y = random.integers(0, 2, 300)
    return from_arrays(random.normal(size=(300, 4)) + 1.5 * y[:, None], y, name="blobs")


def test_only_training_labels_are_random(blobs):
    whole = np.arange(len(blobs))
    parts = Split(whole[:200], whole[200:])
    plain = LabelNoiseBatches(blobs, 0, 16, "float32", lambda seed: parts).data(1)
    noisy = LabelNoiseBatches(blobs, 0, 16, "float32", lambda seed: parts, 0.5)
    changed = np.mean(noisy.data(1).train.y != plain.train.y)
    assert 0.1 < changed < 0.4  # of two classes half of the random labels are the true ones
    assert np.array_equal(noisy.data(1).valid.y, plain.valid.y)
    assert not np.array_equal(noisy.data(1).train.y, noisy.data(2).train.y)
    assert np.array_equal(noisy.data(1).train.x, plain.train.x)


def test_share_of_nothing_gives_the_usual_batches(blobs):
    usual = Batches(blobs, 0, 16)
    same = LabelNoiseBatches(blobs, 0, 16, "float32", usual._split)
    for one, other in zip(usual.draw(3, 0, 5), same.draw(3, 0, 5), strict=True):
        assert one is other is None or np.array_equal(one, other)
