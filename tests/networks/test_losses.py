"""Losses against scipy and closed forms, at ordinary and at huge outputs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special
from jax.test_util import check_grads

from ravine.networks import LOSSES, cross_entropy, squared_error, weighted_mean

RNG = np.random.default_rng(0)
CLASSES = jnp.asarray(RNG.integers(0, 4, 9), jnp.int32)


@pytest.mark.parametrize("size", [1e-3, 1.0, 30.0, 1e4, 1e300])
def test_cross_entropy_is_minus_log_softmax(size):
    z = size * RNG.standard_normal((9, 4))
    expected = -scipy.special.log_softmax(z, axis=1)[np.arange(9), np.asarray(CLASSES)]
    np.testing.assert_allclose(cross_entropy(jnp.asarray(z), CLASSES), expected, rtol=1e-12, atol=1e-12)


def test_cross_entropy_of_equal_outputs_is_the_logarithm_of_the_number_of_classes():
    np.testing.assert_allclose(cross_entropy(jnp.full((9, 4), 7.0), CLASSES), np.log(4), rtol=1e-15)


@pytest.mark.parametrize("size", [1.0, 1e4])
def test_gradient_of_cross_entropy_is_softmax_less_one_hot(size):
    z = size * RNG.standard_normal((9, 4))
    found = jax.grad(lambda z: jnp.sum(cross_entropy(z, CLASSES)))(jnp.asarray(z))
    expected = scipy.special.softmax(z, axis=1) - np.eye(4)[np.asarray(CLASSES)]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


def test_gradient_of_cross_entropy_where_outputs_tie():
    """At a tie for the largest, a maximum has no derivative; the loss has."""
    found = jax.grad(lambda z: jnp.sum(cross_entropy(z, jnp.zeros(1, jnp.int32))))(jnp.zeros((1, 4)))
    np.testing.assert_allclose(found, [[-0.75, 0.25, 0.25, 0.25]], rtol=1e-15)


def test_cross_entropy_is_shifted_by_nothing():
    z = jnp.asarray(RNG.standard_normal((9, 4)))
    np.testing.assert_allclose(cross_entropy(z, CLASSES), cross_entropy(z + 500, CLASSES), rtol=1e-11)


def test_squared_error():
    z, y = RNG.standard_normal((9, 1)), RNG.standard_normal(9)
    np.testing.assert_allclose(
        squared_error(jnp.asarray(z), jnp.asarray(y)), np.square(z[:, 0] - y), rtol=1e-15
    )


def test_the_loss_of_a_constant_is_that_of_equal_shares_and_of_the_mean():
    y = RNG.standard_normal(9)
    standardised = jnp.asarray((y - y.mean()) / y.std())
    found = jnp.mean(LOSSES["squared_error"](jnp.zeros((9, 1)), standardised))
    assert LOSSES["squared_error"].constant(1) == pytest.approx(float(found), rel=1e-12)
    found = jnp.mean(LOSSES["cross_entropy"](jnp.zeros((9, 4)), CLASSES))
    assert LOSSES["cross_entropy"].constant(4) == pytest.approx(float(found), rel=1e-12)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_outputs_that_are_not_numbers_give_no_finite_loss(name, bad):
    """A diverged run must be seen to be one."""
    z = jnp.asarray([[bad, 1.0]]) if name == "cross_entropy" else jnp.asarray([[bad]])
    target = jnp.asarray([0], jnp.int32) if name == "cross_entropy" else jnp.asarray([0.0])
    assert not np.isfinite(LOSSES[name](z, target)).any()


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_are_finite_differences(name):
    z = jnp.asarray(RNG.standard_normal((9, 4 if name == "cross_entropy" else 1)))
    target = CLASSES if name == "cross_entropy" else jnp.asarray(RNG.standard_normal(9))
    check_grads(lambda z: LOSSES[name](z, target), (z,), order=1, modes=["rev"], atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_float32_outputs_give_float32_losses(name):
    z = jnp.zeros((3, 2), jnp.float32)
    target = jnp.zeros(3, jnp.int32 if name == "cross_entropy" else jnp.float32)
    assert LOSSES[name](z, target).dtype == jnp.float32


def test_weighted_mean():
    values, weight = RNG.standard_normal(9), RNG.uniform(0, 2, 9)
    assert weighted_mean(jnp.asarray(values), None) == pytest.approx(values.mean(), rel=1e-14)
    found = weighted_mean(jnp.asarray(values), jnp.asarray(weight))
    assert found == pytest.approx(np.average(values, weights=weight), rel=1e-14)
