"""Dropout: how many fall, that the mean stays, that rates are data."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine.networks.dropout import dropout

N = 200_000


@pytest.mark.parametrize("rate", [0.01, 0.2, 0.5, 0.9])
def test_share_of_zeros_and_mean(rate):
    """Within 4.5 standard errors: of a binomial share, and of a mean of values of variance p / (1 - p)."""
    h = dropout(jnp.ones((N // 100, 100)), rate, jax.random.key(3))
    assert abs(float(jnp.mean(h == 0)) - rate) <= 4.5 * np.sqrt(rate * (1 - rate) / N)
    assert abs(float(jnp.mean(h)) - 1) <= 4.5 * np.sqrt(rate / (1 - rate) / N)
    assert set(np.unique(h)) == {0.0, 1 / (1 - rate)}


def test_units_and_rows_fall_independently():
    """Correlations of 40 units over 5,000 rows stay within 5 standard errors of 0; so do those of rows."""
    fallen = np.asarray(dropout(jnp.ones((5000, 40)), 0.3, jax.random.key(0)) == 0, float)
    apart = np.corrcoef(fallen.T)[np.triu_indices(40, 1)]
    assert np.abs(apart).max() <= 5 / np.sqrt(5000)
    assert abs(np.corrcoef(fallen[1:].ravel(), fallen[:-1].ravel())[0, 1]) <= 5 / np.sqrt(fallen.size)


def test_rate_zero_changes_nothing():
    h = jax.random.normal(jax.random.key(1), (50, 7))
    np.testing.assert_array_equal(dropout(h, 0.0, jax.random.key(0)), h)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_members_of_other_rates_are_single_runs(dtype):
    rates, keys = jnp.asarray([0.0, 0.3, 0.8], dtype), jax.random.split(jax.random.key(0), 3)
    h = jnp.ones((4, 5, 6), dtype)[0]
    together = jax.jit(jax.vmap(lambda rate, key: dropout(h, rate, key)))(rates, keys)
    assert together.dtype == dtype
    for rate, key, each in zip(rates, keys, together, strict=True):
        np.testing.assert_array_equal(jax.jit(dropout)(h, rate, key), each)


def test_other_keys_drop_other_units():
    h = jnp.ones((20, 20))
    first, second = (dropout(h, 0.5, jax.random.key(k)) for k in (0, 1))
    assert 0.3 < float(jnp.mean(first == second)) < 0.7


def test_gradient_passes_where_the_unit_stayed():
    key = jax.random.key(0)
    gradient = jax.grad(lambda h: jnp.sum(dropout(h, 0.4, key)))(jnp.ones((9, 9)))
    np.testing.assert_array_equal(gradient, dropout(jnp.ones((9, 9)), 0.4, key))


def test_what_fell_is_zero_even_of_infinity():
    h = dropout(jnp.full((30, 30), jnp.inf), 0.5, jax.random.key(0))
    assert bool(jnp.any(h == 0)) and not bool(jnp.any(jnp.isnan(h)))
