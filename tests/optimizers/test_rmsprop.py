"""RMSProp: its path against optax and PyTorch, its first step, and what it forgets (claim O4)."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ravine.optimizers import rmsprop

PAIRS = {
    "eps 1e-3": (
        lambda r: rmsprop(r, gamma=0.95, eps=1e-3),
        lambda r: optax.rmsprop(r, decay=0.95, eps=1e-3),
    ),
    "eps 0": (lambda r: rmsprop(r, gamma=0.95, eps=0.0), lambda r: optax.rmsprop(r, decay=0.95, eps=0.0)),
    "defaults": (rmsprop, lambda r: optax.rmsprop(r, 0.9, 1e-8)),
}


@pytest.mark.parametrize("kind", ["constant", "scheduled"])
@pytest.mark.parametrize("name", PAIRS)
def test_the_walk_is_that_of_optax(valley, name, kind):
    valley.assert_as_optax(*PAIRS[name], kind)


@pytest.mark.parametrize("kind", ["constant", "scheduled"])
def test_the_walk_is_that_of_torch(valley, kind):
    """PyTorch adds eps outside of the root, so only eps = 0 can be compared."""
    ours, _ = PAIRS["eps 0"]
    valley.assert_as_torch(ours, lambda o, w: o.RMSprop(w, lr=1.0, alpha=0.95, eps=0.0), kind)


def test_first_step_is_rate_over_root_of_one_minus_gamma(walk):
    path = walk(rmsprop(0.1, eps=0.0), lambda w, t: jnp.ones_like(w), 0.0, 1)
    np.testing.assert_allclose(path[0], -0.1 / np.sqrt(0.1), rtol=1e-14)


def test_it_forgets(walk):
    """Constant gradient g: s -> g^2, so the steps become the rate whatever the size of g."""
    path = walk(rmsprop(0.1), lambda w, t: 1e3 * jnp.ones_like(w), 0.0, 400)
    np.testing.assert_allclose(np.diff(path)[-1], -0.1, rtol=1e-10)
