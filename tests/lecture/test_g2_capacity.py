"""G2: labellings counted, and separability of a few points."""

import numpy as np
import pytest

from ravine.lecture import g2_capacity as g2


@pytest.mark.parametrize(("points", "inputs"), [(4, 2), (5, 2), (6, 3)])
def test_cover_counts_labellings(points, inputs):
    """Of all labellings of a few points in general position."""
    x = np.random.default_rng(points).standard_normal((points, inputs))
    directions = np.random.default_rng(0).standard_normal((200_000, inputs))
    found = np.unique(directions @ x.T > 0, axis=0)
    assert g2.cover(points, inputs) == len(found) / 2**points


def test_twice_as_many_points_as_inputs_are_even_chances():
    assert all(g2.cover(2 * d, d) == 0.5 for d in range(1, 30))


def test_separability_of_points_that_are_or_are_not():
    class Fixed:
        def __init__(self, x, y):
            self.x, self.y = np.array(x, float), np.array(y)

        def standard_normal(self, shape):
            return self.x.reshape(shape)

        def integers(self, low, high, size):
            return self.y

    assert g2._separable(3, 2, Fixed([[1, 0], [0, 1], [1, 1]], [1, 1, 1]))
    assert not g2._separable(3, 2, Fixed([[1, 0], [0, 1], [-1, -1]], [1, 1, 1]))
    assert g2._separable(3, 2, Fixed([[1, 0], [0, 1], [-1, -1]], [1, 1, 0]))
