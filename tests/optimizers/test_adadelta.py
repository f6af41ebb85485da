"""AdaDelta: its path against optax and PyTorch, and its first step (claim O4)."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ravine.optimizers import adadelta

PAIRS = {
    "eps 1e-3": (
        lambda r: adadelta(r, gamma=0.8, eps=1e-3),
        lambda r: optax.adadelta(r, rho=0.8, eps=1e-3),
    ),
    "defaults": (adadelta, lambda r: optax.adadelta(r, 0.9, 1e-6)),
}


@pytest.mark.parametrize("kind", ["constant", "scheduled"])
@pytest.mark.parametrize("name", PAIRS)
def test_the_walk_is_that_of_optax(valley, name, kind):
    valley.assert_as_optax(*PAIRS[name], kind)


@pytest.mark.parametrize("kind", ["constant", "scheduled"])
def test_the_walk_is_that_of_torch(valley, kind):
    ours, _ = PAIRS["eps 1e-3"]
    valley.assert_as_torch(ours, lambda o, w: o.Adadelta(w, lr=1.0, rho=0.8, eps=1e-3), kind)


def test_first_step(walk):
    """d = sqrt(eps) / sqrt((1 - gamma) g^2 + eps) g."""
    expected = -np.sqrt(1e-6) / np.sqrt(0.1 * 4 + 1e-6) * 2
    path = walk(adadelta(), lambda w, t: 2 * jnp.ones_like(w), 0.0, 1)
    np.testing.assert_allclose(path[0], expected, rtol=1e-13)
