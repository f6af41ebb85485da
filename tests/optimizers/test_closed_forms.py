"""What theory says of single steps and simple walks (claims L4, O1 to O5 and O7)."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ravine.optimizers import (
    adadelta,
    adagrad,
    adam,
    local_gains,
    momentum,
    nesterov,
    rmsprop,
    sgd,
)


def walk(optimizer, gradient, start, steps):
    def step(carry, t):
        w, state = carry
        updates, state = optimizer.update(gradient(w, t), state, w)
        w = optax.apply_updates(w, updates)
        return (w, state), w

    w = jnp.asarray(start, jnp.float64)
    return np.asarray(jax.lax.scan(step, (w, optimizer.init(w)), jnp.arange(steps))[1])


def one(w, t):
    return jnp.ones_like(w)


def test_adagrad_steps_die_out():
    path = walk(adagrad(0.1, eps=0.0), one, 0.0, 100)
    np.testing.assert_allclose(path[-1], -0.1 * np.sum(1 / np.sqrt(np.arange(1, 101))), rtol=1e-13)
    np.testing.assert_allclose(path[-1], -1.85896, atol=5e-6)


def test_rmsprop_first_step_is_rate_over_root_of_one_minus_gamma():
    np.testing.assert_allclose(walk(rmsprop(0.1, eps=0.0), one, 0.0, 1)[0], -0.1 / np.sqrt(0.1), rtol=1e-14)


def test_rmsprop_forgets():
    """Constant gradient g: s -> g^2, so the steps become the rate whatever the size of g."""
    path = walk(rmsprop(0.1), lambda w, t: 1e3 * jnp.ones_like(w), 0.0, 400)
    np.testing.assert_allclose(np.diff(path)[-1], -0.1, rtol=1e-10)


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e5])
def test_adam_walks_at_the_rate_under_a_constant_gradient(size):
    path = walk(adam(0.1, eps=0.0), lambda w, t: size * jnp.ones_like(w), 0.0, 50)
    np.testing.assert_allclose(path, -0.1 * np.arange(1, 51), rtol=1e-13)


def test_adam_without_momentum_can_fail():
    """Reddi et al. 2018: C = 3 every third step, else -1, on [-1, 1]; the optimum is -1, Adam goes to +1."""
    c = 3.0
    optimizer = adam(0.05, b1=0.0, b2=1 / (1 + c**2))

    def step(carry, t):
        w, state = carry
        g = jnp.where(t % 3 == 0, c, -1.0)
        updates, state = optimizer.update(g, state, w)
        return (jnp.clip(w + updates, -1, 1), state), None

    (w, _), _ = jax.lax.scan(step, (jnp.asarray(0.0), optimizer.init(jnp.asarray(0.0))), jnp.arange(3000))
    assert w > 0.9


def test_momentum_reaches_one_over_one_minus_rho():
    path = walk(momentum(0.1, rho=0.9), one, 0.0, 600)
    np.testing.assert_allclose(np.diff(path)[-1], -0.1 / (1 - 0.9), rtol=1e-12)


def test_adadelta_first_step():
    """d = sqrt(eps) / sqrt((1 - gamma) g^2 + eps) g."""
    expected = -np.sqrt(1e-6) / np.sqrt(0.1 * 4 + 1e-6) * 2
    np.testing.assert_allclose(
        walk(adadelta(), lambda w, t: 2 * jnp.ones_like(w), 0.0, 1)[0], expected, rtol=1e-13
    )


@pytest.mark.parametrize(
    ("optimizer", "limit"),
    [
        (sgd, 2.0),
        (lambda eta: momentum(eta, 0.9), 2 + 2 * 0.9),
        (lambda eta: nesterov(eta, 0.9), (2 + 2 * 0.9) / (1 + 2 * 0.9)),
    ],
)
def test_stability_limit_on_a_quadratic(optimizer, limit):
    """Converges just below rate x curvature = limit, diverges just above."""
    inside = walk(optimizer(limit * 0.99), lambda w, t: w, 1.0, 3000)
    outside = walk(optimizer(limit * 1.01), lambda w, t: w, 1.0, 3000)
    assert abs(inside[-1]) < 1e-3 and abs(outside[-1]) > 1e3


def test_stability_figures_of_sgd():
    for product, expected in ((1.99, 0.99**2000), (2.0, 1.0), (2.01, 1.01**2000)):
        np.testing.assert_allclose(
            abs(walk(sgd(product), lambda w, t: w, 1.0, 2000)[-1]), expected, rtol=1e-9
        )


def test_heavy_ball_at_its_optimum():
    """Spectral radius (sqrt k - 1)/(sqrt k + 1) at k = 100; a double root: error ~ t rho^t."""
    root, curvature = 10.0, jnp.array([1.0, 100.0])
    rho = ((root - 1) / (root + 1)) ** 2
    path = np.abs(walk(momentum((2 / (root + 1)) ** 2, rho), lambda w, t: curvature * w, [1.0, 1.0], 200))
    t = np.arange(1, 201)
    rates = (path[199] / t[199] / (path[99] / t[99])) ** (1 / 100)
    np.testing.assert_allclose(rates, (root - 1) / (root + 1), rtol=1e-3)


def test_local_gains_against_a_plain_loop():
    steps, rng = 300, np.random.default_rng(1)
    gradients = rng.normal(size=(steps, 7)) + np.array([3, -3, 0.5, 0, 0, 1, -1])
    gradients[rng.random(gradients.shape) < 0.1] = 0.0
    expected, gain, before = np.zeros((steps, 7)), [1.0] * 7, [0.0] * 7
    w = [0.0] * 7
    for t in range(steps):
        for i in range(7):
            g = gradients[t, i]
            if g * before[i] > 0:
                gain[i] = gain[i] + 0.05
            elif g * before[i] < 0:
                gain[i] = gain[i] * 0.95
            gain[i] = min(max(gain[i], 0.1), 10.0)
            w[i] -= 0.01 * gain[i] * g
            before[i], expected[t, i] = g, w[i]
    assert max(gain) == 10.0 and min(gain) < 0.8  # the walk meets the bound and the shrinking
    path = walk(local_gains(0.01), lambda w, t: jnp.asarray(gradients)[t], np.zeros(7), steps)
    np.testing.assert_allclose(path, expected, rtol=0, atol=1e-12)


def test_local_gains_see_the_sign_of_tiny_gradients():
    """The product of two gradients of 1e-30 is zero in float32; their signs agree all the same."""
    optimizer = local_gains(1.0)
    w = jnp.zeros((), jnp.float32)
    state = optimizer.init(w)
    for _ in range(2):
        _, state = optimizer.update(jnp.asarray(1e-30, jnp.float32), state, w)
    np.testing.assert_allclose(state.slots.gain, 1.05, rtol=1e-6)
