"""SGD: its path against optax and PyTorch, and its stability on a quadratic (claim L4)."""

import numpy as np
import optax
import pytest

from ravine.optimizers import sgd

KINDS = pytest.mark.parametrize("kind", ["constant", "scheduled"])


@KINDS
def test_the_walk_is_that_of_optax(valley, kind):
    valley.assert_as_optax(sgd, optax.sgd, kind)


@KINDS
def test_the_walk_is_that_of_torch(valley, kind):
    valley.assert_as_torch(sgd, lambda o, w: o.SGD(w, lr=1.0), kind)


def test_stability_limit_on_a_quadratic(walk):
    """Converges just below rate x curvature = 2, diverges just above."""
    inside = walk(sgd(2.0 * 0.99), lambda w, t: w, 1.0, 3000)
    outside = walk(sgd(2.0 * 1.01), lambda w, t: w, 1.0, 3000)
    assert abs(inside[-1]) < 1e-3 and abs(outside[-1]) > 1e3


def test_stability_figures(walk):
    for product, expected in ((1.99, 0.99**2000), (2.0, 1.0), (2.01, 1.01**2000)):
        np.testing.assert_allclose(
            abs(walk(sgd(product), lambda w, t: w, 1.0, 2000)[-1]), expected, rtol=1e-9
        )
