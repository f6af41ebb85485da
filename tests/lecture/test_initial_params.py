"""First weights differ by seed and share their shape."""

import numpy as np

from ravine.lecture.initial_params import initial_params
from ravine.networks import Network


def test_starts_differ_by_seed_and_share_their_shape():
    both = initial_params(Network((3, 4, 2)), np.random.default_rng(0), 5)
    assert both[0]["weight"].shape == (5, 3, 4) and both[1]["bias"].shape == (5, 2)
    assert len(np.unique(both[0]["weight"])) == 60
