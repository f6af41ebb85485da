"""Gains against closed forms, claim A2's numbers and a wide random network."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine.diagnostics import mean_field, variance_map
from ravine.errors import UsageError


@pytest.mark.parametrize(
    ("activation", "variance", "gain"),
    [
        (jax.nn.sigmoid, 1.0, 0.2360),
        (jnp.tanh, 2.0, 1.051),
        (jax.nn.relu, 2.0, 1.0),
        (jax.nn.relu, 1.0, np.sqrt(0.5)),
        (lambda x: x, 0.64, 0.8),
    ],
)
def test_gains_of_claim_a2(activation, variance, gain):
    found = mean_field(activation, variance)
    assert found.gain == pytest.approx(gain, abs=6e-4)
    assert found.error < 1e-6 and found.converged


def test_leaky_relu_in_closed_form():
    """E phi'^2 = (1 + a^2) / 2 whatever q."""
    found = mean_field(lambda x: jnp.where(x > 0, x, 0.1 * x), 1.5)
    assert found.chi == pytest.approx(1.5 * 1.01 / 2, rel=1e-12)


def test_erf_in_closed_form():
    """For phi = erf(x / sqrt 2): E phi^2 = 2/pi asin(q/(1+q)), E phi'^2 = 2/pi / sqrt(1+2q)."""

    def phi(x):
        return jax.lax.erf(x / jnp.sqrt(2.0))

    found = mean_field(phi, 3.0, 0.2)
    q = found.variance
    assert q == pytest.approx(3 * 2 / np.pi * np.arcsin(q / (1 + q)) + 0.2, rel=1e-10)
    assert found.chi == pytest.approx(3 * 2 / np.pi / np.sqrt(1 + 2 * q), rel=1e-10)


def test_layer_by_layer_it_ends_where_it_rests():
    q, chi = variance_map(jnp.tanh, 2.0, 200)
    rest = mean_field(jnp.tanh, 2.0)
    assert q[0] == 1.0
    assert (q[-1], chi[-1]) == (pytest.approx(rest.variance, rel=1e-6), pytest.approx(rest.chi, rel=1e-6))


def test_a_wide_random_network():
    """A gradient through one tanh layer of width 2,000 in the fixed point's middle: sqrt(chi) within 5 %."""
    found = mean_field(jnp.tanh, 2.0)
    generator = np.random.default_rng(0)
    h = generator.standard_normal(2000) * np.sqrt(found.variance)
    w = generator.standard_normal((2000, 2000)) * np.sqrt(2.0 / 2000)
    back = generator.standard_normal(2000)
    through = (1 - np.tanh(h) ** 2) * (w.T @ back)
    assert np.linalg.norm(through) / np.linalg.norm(back) == pytest.approx(found.gain, rel=0.05)


@pytest.mark.parametrize(
    "call",
    [
        lambda: mean_field(jnp.tanh, 0.0),
        lambda: mean_field(jnp.tanh, np.nan),
        lambda: mean_field(jnp.tanh, 1.0, -1.0),
        lambda: mean_field(jnp.tanh, 1.0, start=0.0),
        lambda: mean_field(jax.nn.relu, 4.0),
        lambda: mean_field(lambda x: jnp.sqrt(x), 1.0),
        lambda: variance_map(jnp.tanh, 1.0, 0),
        lambda: variance_map(jax.nn.relu, 1e100, 20),
    ],
)
def test_misuse_and_runaway(call):
    with pytest.raises(UsageError):
        call()
