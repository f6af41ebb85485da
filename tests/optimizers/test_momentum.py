"""Momentum: its path against optax and PyTorch, its terminal step, stability limit and best radius (O1)."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ravine.optimizers import momentum


def peer(rate):
    """optax with the learning rate inside the velocity, as in the lecture."""
    return optax.chain(optax.scale_by_learning_rate(rate), optax.trace(0.8, nesterov=False))


@pytest.mark.parametrize("kind", ["constant", "scheduled"])
def test_the_walk_is_that_of_optax(valley, kind):
    valley.assert_as_optax(lambda rate: momentum(rate, 0.8), peer, kind)


def test_at_a_constant_rate_it_is_that_of_the_frameworks(valley):
    valley.assert_momentum_as_frameworks(momentum, is_nesterov=False)


def test_at_a_scheduled_rate_it_is_not_optax_sgd(valley):
    """There the rate multiplies the velocity; that the two differ is why the chain above is the peer."""
    stored, _ = valley.walk(momentum(valley.rate_of("scheduled"), 0.8))
    theirs, _ = valley.walk(optax.sgd(valley.rate_of("scheduled"), momentum=0.8))
    assert np.abs(stored - theirs).max() > 1e-3


def test_steps_reach_one_over_one_minus_rho(walk):
    path = walk(momentum(0.1, rho=0.9), lambda w, t: jnp.ones_like(w), 0.0, 600)
    np.testing.assert_allclose(np.diff(path)[-1], -0.1 / (1 - 0.9), rtol=1e-12)


def test_stability_limit_on_a_quadratic(walk):
    """Converges just below rate x curvature = 2 + 2 rho, diverges just above."""
    limit = 2 + 2 * 0.9
    inside = walk(momentum(limit * 0.99, 0.9), lambda w, t: w, 1.0, 3000)
    outside = walk(momentum(limit * 1.01, 0.9), lambda w, t: w, 1.0, 3000)
    assert abs(inside[-1]) < 1e-3 and abs(outside[-1]) > 1e3


def test_heavy_ball_at_its_optimum(walk):
    """Spectral radius (sqrt k - 1)/(sqrt k + 1) at k = 100; a double root: error ~ t rho^t."""
    root, curvature = 10.0, jnp.array([1.0, 100.0])
    rho = ((root - 1) / (root + 1)) ** 2
    path = np.abs(walk(momentum((2 / (root + 1)) ** 2, rho), lambda w, t: curvature * w, [1.0, 1.0], 200))
    t = np.arange(1, 201)
    rates = (path[199] / t[199] / (path[99] / t[99])) ** (1 / 100)
    np.testing.assert_allclose(rates, (root - 1) / (root + 1), rtol=1e-3)
