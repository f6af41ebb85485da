"""Adam: its path against optax and PyTorch, its step under a constant gradient, and a failure (O5, O7)."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ravine.optimizers import adam

# ours and optax's at a learning rate, and PyTorch's constructor
PAIRS = {
    "eps 1e-3": (
        lambda r: adam(r, b1=0.8, b2=0.99, eps=1e-3),
        lambda r: optax.adam(r, b1=0.8, b2=0.99, eps=1e-3),
        lambda o, w: o.Adam(w, lr=1.0, betas=(0.8, 0.99), eps=1e-3),
    ),
    "defaults": (adam, optax.adam, lambda o, w: o.Adam(w, lr=1.0)),
}


@pytest.mark.parametrize("kind", ["constant", "scheduled"])
@pytest.mark.parametrize("name", PAIRS)
def test_the_walk_is_that_of_optax(valley, name, kind):
    ours, theirs, _ = PAIRS[name]
    valley.assert_as_optax(ours, theirs, kind)


@pytest.mark.parametrize("kind", ["constant", "scheduled"])
@pytest.mark.parametrize("name", PAIRS)
def test_the_walk_is_that_of_torch(valley, name, kind):
    ours, _, make = PAIRS[name]
    valley.assert_as_torch(ours, make, kind)


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e5])
def test_it_walks_at_the_rate_under_a_constant_gradient(walk, size):
    path = walk(adam(0.1, eps=0.0), lambda w, t: size * jnp.ones_like(w), 0.0, 50)
    np.testing.assert_allclose(path, -0.1 * np.arange(1, 51), rtol=1e-13)


def test_without_momentum_it_can_fail():
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
