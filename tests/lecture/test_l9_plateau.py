"""L9: half of a way lies between steps."""

import numpy as np

from ravine.lecture import find
from ravine.lecture.registry import load


def test_half_way_lies_between_steps():
    half_way = load(find("L9"))._half_way
    assert half_way(np.array([0.0, 1.0, 2.0, 3.0])) == 1.5
    assert np.isnan(half_way(np.zeros(4))) and np.isnan(half_way(np.full(4, np.nan)))
