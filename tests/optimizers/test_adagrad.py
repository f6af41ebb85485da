"""AdaGrad: its path against optax and PyTorch, and steps that die out (claim O3)."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ravine.optimizers import adagrad

# ours and optax's at a learning rate, and PyTorch's constructor
PAIRS = {
    "eps 1e-3": (
        lambda r: adagrad(r, eps=1e-3),
        lambda r: optax.adagrad(r, initial_accumulator_value=0.0, eps=1e-3),
        lambda o, w: o.Adagrad(w, lr=1.0, initial_accumulator_value=1e-3, eps=0.0),
    ),
    "defaults": (
        adagrad,
        lambda r: optax.adagrad(r, initial_accumulator_value=0.0, eps=1e-8),
        lambda o, w: o.Adagrad(w, lr=1.0, initial_accumulator_value=1e-8, eps=0.0),
    ),
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


def test_steps_die_out(walk):
    path = walk(adagrad(0.1, eps=0.0), lambda w, t: jnp.ones_like(w), 0.0, 100)
    np.testing.assert_allclose(path[-1], -0.1 * np.sum(1 / np.sqrt(np.arange(1, 101))), rtol=1e-13)
    np.testing.assert_allclose(path[-1], -1.85896, atol=5e-6)
