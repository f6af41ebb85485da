"""The six activations and an added one: closed forms (claim A1), facts that hold, a contract."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special

from ravine.errors import UsageError
from ravine.networks import ACTIVATIONS, Activation, Network, activation

X = np.linspace(-8, 8, 1001)
FAR = 60.0

CLOSED = {
    "sigmoid": scipy.special.expit,
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "softplus": lambda x: np.log1p(np.exp(x)),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
}


every = pytest.mark.parametrize("name", ACTIVATIONS)


def derivative(name, x):
    return np.asarray(jax.vmap(jax.grad(ACTIVATIONS[name].function))(jnp.asarray(x, jnp.float64)))


def test_they_are_the_lectures_six():
    assert set(ACTIVATIONS) == set(CLOSED)


@every
def test_equals_its_closed_form(name):
    np.testing.assert_allclose(ACTIVATIONS[name](jnp.asarray(X)), CLOSED[name](X), rtol=1e-13, atol=1e-15)


@every
def test_derivative_equals_central_differences(name):
    x = X[np.abs(X) > 0.01]  # away from the kink
    h = 1e-5
    expected = (CLOSED[name](x + h) - CLOSED[name](x - h)) / (2 * h)
    np.testing.assert_allclose(derivative(name, x), expected, atol=1e-9)


@every
def test_derivative_by_the_output_is_the_derivative(name):
    x = X[np.abs(X) > 0.01]  # away from the kink
    facts = ACTIVATIONS[name]
    expected = facts.derivative_of_output(facts(jnp.asarray(x)))
    np.testing.assert_allclose(derivative(name, x), expected, rtol=1e-7, atol=1e-12)


@every
def test_zero_at_zero(name):
    assert ACTIVATIONS[name].zero_at_zero == (float(ACTIVATIONS[name](jnp.asarray(0.0))) == 0)


def test_only_the_leaky_relu_is_flat_nowhere():
    assert [name for name in ACTIVATIONS if not ACTIVATIONS[name].has_flat_side] == ["leaky_relu"]


@every
def test_limits_of_the_derivative_are_its_values_far_out(name):
    left, right = derivative(name, [-FAR, FAR])
    assert left == pytest.approx(ACTIVATIONS[name].derivative_left, abs=1e-15)
    assert right == pytest.approx(ACTIVATIONS[name].derivative_right, abs=1e-15)


@every
def test_largest_derivative(name):
    grid = np.r_[np.linspace(-FAR, FAR, 120_001), 1e-9]  # 0 is on it
    found = derivative(name, grid)
    assert found.max() == pytest.approx(ACTIVATIONS[name].derivative_max, rel=1e-12)
    assert found.min() >= 0


@every
def test_saturating_is_what_the_lecture_calls_so(name):
    assert ACTIVATIONS[name].saturating == (name in ("sigmoid", "tanh"))


@every
@pytest.mark.parametrize("size", [1e3, 1e10, 1e300])
def test_finite_value_and_derivative_at_huge_arguments(name, size):
    x = jnp.asarray([-size, size])
    assert np.isfinite(ACTIVATIONS[name](x)).all()
    assert np.isfinite(derivative(name, x)).all()


@every
def test_nan_stays_nan(name):
    assert np.isnan(ACTIVATIONS[name](jnp.asarray(np.nan)))


@every
@pytest.mark.parametrize("kind", ["float32", "float64", "bfloat16"])
def test_keeps_type_and_shape(name, kind):
    x = jnp.ones((2, 3), kind)
    assert ACTIVATIONS[name](x).dtype == x.dtype
    assert ACTIVATIONS[name](x).shape == x.shape


def test_numbers_of_claim_a1():
    assert derivative("sigmoid", [0.0])[0] == pytest.approx(1 / 4, rel=1e-15)
    np.testing.assert_allclose(derivative("sigmoid", [-5.0, 5.0]), 0.00665, atol=5e-6)
    np.testing.assert_allclose(derivative("tanh", [-2.5, 2.5]), 0.0266, atol=5e-5)
    np.testing.assert_allclose(derivative("softplus", X), scipy.special.expit(X), rtol=1e-12)
    below = X[X < -0.001]
    np.testing.assert_allclose(derivative("elu", below), np.exp(below), rtol=1e-12)
    np.testing.assert_allclose(derivative("leaky_relu", below), 0.01, rtol=1e-15)


def test_relu_at_zero_has_derivative_zero():
    assert derivative("relu", [0.0])[0] == 0


@pytest.mark.parametrize("text", ["leaky_relu", "Leaky ReLU", " leaky-relu "])
def test_names_are_read_generously(text):
    assert activation(text).name == "leaky_relu"


def test_an_unknown_name_is_told_the_nearest():
    with pytest.raises(UsageError, match=r"no activation 'rellu'.*Did you mean 'relu'"):
        activation("rellu")


def test_an_added_activation_is_named_and_used(monkeypatch):
    """An activation costs one row of the table."""
    softsign = Activation("softsign", "jax.nn:soft_sign", 0.0, 0.0, 1.0, zero_at_zero=True)
    with pytest.raises(UsageError, match="no activation 'softsign'"):
        activation("softsign")
    monkeypatch.setitem(ACTIVATIONS, "softsign", softsign)
    assert activation("Softsign").saturating and activation("softsign").derivative_of_output is None

    network, x = Network((4, 5, 3), "softsign"), np.random.default_rng(0).standard_normal((6, 4))
    hidden, last = network.init(np.random.default_rng(1), dtype="float64")
    sums = x @ hidden["weight"] + hidden["bias"]
    expected = sums / (1 + np.abs(sums)) @ last["weight"] + last["bias"]
    np.testing.assert_allclose(network.apply((hidden, last), jnp.asarray(x)), expected, rtol=1e-12)
