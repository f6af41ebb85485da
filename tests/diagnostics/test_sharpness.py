"""Claim L7: what rescaling a ReLU layer changes, and what it leaves."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine.diagnostics import hessian_operator, invariant_sharpness, sharpness, to_vector
from ravine.errors import UsageError

GENERATOR = np.random.default_rng(0)
X, Y = GENERATOR.standard_normal((60, 4)), GENERATOR.standard_normal((60, 2))
PARAMS = {"first": GENERATOR.standard_normal((4, 8)), "second": GENERATOR.standard_normal((8, 2))}


def loss(p):
    return jnp.mean((jax.nn.relu(jnp.asarray(X) @ p["first"]) @ p["second"] - jnp.asarray(Y)) ** 2)


def rescaled(alpha):
    return {"first": PARAMS["first"] * alpha, "second": PARAMS["second"] / alpha}


def test_the_invariant_survives_rescaling_and_the_rest_does_not():
    plain, scaled = sharpness(loss, PARAMS), sharpness(loss, rescaled(30.0))
    assert loss(rescaled(30.0)) == pytest.approx(float(loss(PARAMS)))
    assert scaled.trace.value > 100 * plain.trace.value
    assert scaled.value > 100 * plain.value
    assert scaled.invariant.value == pytest.approx(plain.invariant.value, rel=1e-10)


def test_exact_values():
    flat, unravel = jax.flatten_util.ravel_pytree(jax.tree.map(jnp.asarray, PARAMS))
    matrix = np.asarray(jax.hessian(lambda w: loss(unravel(w)))(flat))
    found = sharpness(loss, PARAMS)
    assert found.value == pytest.approx(np.linalg.eigvalsh(matrix)[-1])
    assert found.trace.value == pytest.approx(np.trace(matrix))
    assert found.invariant.value == pytest.approx(np.sum(np.asarray(flat) ** 2 * np.diagonal(matrix)))


def test_by_products_within_its_errors():
    exact, found = sharpness(loss, PARAMS), sharpness(loss, PARAMS, dense=0, probes=24)
    assert found.value == pytest.approx(exact.value, abs=found.residual + 1e-12)
    assert abs(found.vector @ exact.vector) == pytest.approx(1)
    assert found.trace.value == pytest.approx(exact.trace.value, abs=5 * found.trace.error)
    assert found.invariant.value == pytest.approx(exact.invariant.value, abs=5 * found.invariant.error)
    many = invariant_sharpness(hessian_operator(loss, PARAMS), to_vector(PARAMS), 48)
    assert many.value == pytest.approx(exact.invariant.value, rel=1e-10)


def test_a_loss_that_is_not_finite():
    with pytest.raises(UsageError, match="loss is inf"):
        sharpness(lambda w: jnp.sum(1 / w), np.zeros(3))
