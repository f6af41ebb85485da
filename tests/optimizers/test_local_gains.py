"""Local gains: the walk against a plain loop, and the signs of tiny gradients (claim O6)."""

import jax.numpy as jnp
import numpy as np

from ravine.optimizers import local_gains


def test_the_walk_is_that_of_a_plain_loop(walk):
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


def test_the_sign_of_tiny_gradients_counts():
    """The product of two gradients of 1e-30 is zero in float32; their signs still agree."""
    optimizer = local_gains(1.0)
    w = jnp.zeros((), jnp.float32)
    state = optimizer.init(w)
    for _ in range(2):
        _, state = optimizer.update(jnp.asarray(1e-30, jnp.float32), state, w)
    np.testing.assert_allclose(state.slots.gain, 1.05, rtol=1e-6)
