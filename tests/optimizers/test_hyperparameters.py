"""An averaging rate and its complement are right to float32 rounding, also as data of a compiled program."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine.errors import UsageError
from ravine.optimizers import RULES, Decay, adam, decay, rmsprop
from ravine.optimizers.hyperparameters import one_minus_power

B = 0.9999


def second_moment(b2):
    """Of one step under a gradient of one: exactly 1 - b2, in float32."""
    w = jnp.zeros((), jnp.float32)
    optimizer = adam(0.1, b2=b2)
    return optimizer.update(jnp.ones((), jnp.float32), optimizer.init(w), w)[1].slots.v


def test_a_pair_keeps_the_complement():
    exact = 1 - B
    for b2 in (B, decay(B), Decay(jnp.float32(B), jnp.float32(1 - B)), np.float64(B)):
        np.testing.assert_allclose(second_moment(b2), exact, rtol=1.2e-7)
    traced = jax.jit(second_moment)(RULES["adam"].as_data(b2=B)["b2"])
    np.testing.assert_allclose(traced, exact, rtol=1.2e-7)


def test_a_single_float32_loses_it():
    """Why the pair exists: 1 - float32(0.9999) is 1.7e-4 off."""
    lost = float(jax.jit(second_moment)(jnp.float32(B)))
    assert 1e-4 < abs(lost / (1 - B) - 1) < 2e-4


def test_pairs_of_many():
    pair = decay(np.array([0.9, 0.99, B]))
    np.testing.assert_array_equal(pair.complement, 1 - np.array([0.9, 0.99, B]))
    together = jax.vmap(second_moment)(Decay(jnp.float32(pair.rate), jnp.float32(pair.complement)))
    np.testing.assert_allclose(together, pair.complement, rtol=1.2e-7)


@pytest.mark.parametrize("b", [0.0, 0.5, 0.9, 0.999, B, 0.999999])
@pytest.mark.parametrize("t", [1, 2, 10, 1000, 100_000])
def test_bias_correction_in_float32(b, t):
    pair = Decay(*(jnp.float32(x) for x in decay(b)))
    expected = 1.0 if b == 0 else -np.expm1(t * np.log(b))
    np.testing.assert_allclose(one_minus_power(pair, jnp.float32(t)), expected, rtol=5e-7)


def test_float32_adam_keeps_to_the_float64_one():
    rng = np.random.default_rng(0)
    gradients = rng.normal(size=(2000, 4))

    def walk(dtype):
        optimizer = adam(0.01, b2=B)
        w = jnp.zeros(4, dtype)

        def step(carry, g):
            w, state = carry
            updates, state = optimizer.update(g, state, w)
            return (w + updates, state), None

        return jax.lax.scan(step, (w, optimizer.init(w)), jnp.asarray(gradients, dtype))[0][0]

    np.testing.assert_allclose(walk(jnp.float32), walk(jnp.float64), rtol=0, atol=2e-5)


@pytest.mark.parametrize("b", [1.0, 1.5, -0.1, float("nan"), "0.9", None, True, np.array([0.9, 1.0])])
def test_no_decay_rate(b):
    with pytest.raises(UsageError, match="averaging rate"):
        decay(b)


def test_gradients_flow_through_hyperparameters():
    """They are data, so a derivative with respect to one exists: of the first RMSProp step, by hand."""

    def first(gamma):
        optimizer, w = rmsprop(0.1, gamma=gamma, eps=0.0), jnp.zeros(())
        return optimizer.update(jnp.ones(()), optimizer.init(w), w)[0]

    np.testing.assert_allclose(jax.grad(first)(0.9), -0.1 * 0.5 * 0.1**-1.5, rtol=1e-9)
