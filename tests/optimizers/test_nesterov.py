"""Nesterov momentum: its path against optax, PyTorch and Sutskever's form, and its stability limit (O2)."""

import numpy as np
import optax
import pytest

from ravine.optimizers import nesterov
from ravine.optimizers.nesterov import sutskever_step

KINDS = pytest.mark.parametrize("kind", ["constant", "scheduled"])


def peer(rate):
    """optax with the learning rate inside the velocity, as in the lecture."""
    return optax.chain(optax.scale_by_learning_rate(rate), optax.trace(0.8, nesterov=True))


@KINDS
def test_the_walk_is_that_of_optax(valley, kind):
    valley.assert_as_optax(lambda rate: nesterov(rate, 0.8), peer, kind)


def test_at_a_constant_rate_it_is_that_of_the_frameworks(valley):
    valley.assert_momentum_as_frameworks(nesterov, is_nesterov=True)


@KINDS
def test_both_views_are_one_walk(valley, kind):
    w, v, points, ahead = valley.start, np.zeros(5), [], []
    for rate, noise in zip(valley.rates_of(kind), valley.noise, strict=True):
        w, v = sutskever_step(lambda at, noise=noise: valley.gradient(at, noise), w, v, rate, 0.8)
        points.append(w)
        ahead.append(w + 0.8 * v)
    stored, evaluated = valley.walk(nesterov(valley.rate_of(kind), 0.8))
    np.testing.assert_allclose(evaluated, points, rtol=0, atol=valley.tolerance)
    np.testing.assert_allclose(stored, ahead, rtol=0, atol=valley.tolerance)


def test_stability_limit_on_a_quadratic(walk):
    """Converges just below rate x curvature = (2 + 2 rho) / (1 + 2 rho), diverges just above."""
    limit = (2 + 2 * 0.9) / (1 + 2 * 0.9)
    inside = walk(nesterov(limit * 0.99, 0.9), lambda w, t: w, 1.0, 3000)
    outside = walk(nesterov(limit * 1.01, 0.9), lambda w, t: w, 1.0, 3000)
    assert abs(inside[-1]) < 1e-3 and abs(outside[-1]) > 1e3
