"""Claims L8 and L9: the ladder of critical points, and times to leave them against the rules' own steps."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine.diagnostics import (
    as_operator,
    dense_hessian,
    escape_steps,
    exact_spectrum,
    lanczos,
    saddle,
)
from ravine.errors import UsageError

S = np.array([3.0, 2.0, 1.0])


def ladder(p):
    return 0.5 * jnp.sum((jnp.diag(jnp.asarray(S)) - p["b"] @ p["a"]) ** 2)


def rung(kept):
    root = np.diag(np.sqrt(np.where(kept, S, 0.0)))
    return {"a": root, "b": root}


@pytest.mark.parametrize(
    ("kept", "height", "index"),
    [
        ((1, 1, 1), 0.0, 0),
        ((1, 1, 0), 0.5, 1),
        ((1, 0, 1), 2.0, 2),
        ((1, 0, 0), 2.5, 4),
        ((0, 1, 1), 4.5, 3),
        ((0, 1, 0), 5.0, 5),
        ((0, 0, 1), 6.5, 6),
        ((0, 0, 0), 7.0, 9),
    ],
)
def test_the_ladder_of_the_two_layer_linear_net(kept, height, index):
    params = rung(kept)
    assert float(ladder(params)) == pytest.approx(height, abs=1e-14)
    gradient = np.asarray(jax.flatten_util.ravel_pytree(jax.grad(ladder)(params))[0])
    spectrum = exact_spectrum(dense_hessian(ladder, params), vectors=True)
    assert spectrum.index == index
    found = saddle(gradient, spectrum, 0.01)
    assert found.index == index and found.exact
    assert found.kind == ("saddle" if index else "flat")
    assert found.steps is None  # zero gradient: it never leaves by itself


def trajectory(eta, curvature, start, rho, lookahead, reach):
    w, v, t = start, 0.0, 0
    while abs(w) < reach:
        v = rho * v + eta * curvature * (w + rho * v if lookahead else w)
        w = w + v
        t += 1
    return t


@pytest.mark.parametrize("lookahead", [False, True])
@pytest.mark.parametrize(("eta", "curvature", "rho"), [(0.01, 2.0, 0.9), (0.3, 0.5, 0.5), (0.05, 1.0, 0.0)])
def test_the_time_to_leave_is_that_of_the_steps(eta, curvature, rho, lookahead):
    steps = escape_steps(curvature, 1e-8, eta, rho=rho, lookahead=lookahead)
    assert trajectory(eta, curvature, 1e-8, rho, lookahead, 1.0) == pytest.approx(steps, abs=1.01)


def test_saxes_plateau():
    """Half-time ln(s/a0 - 1)/(2 s eta) = 1,718 steps; the linear part of it ends at strength s/2."""
    s, a0, eta = 3.0, 1e-4, 1e-3
    half = np.log(s / a0 - 1) / (2 * s * eta)
    assert half == pytest.approx(1718, abs=1)
    params = np.sqrt([a0, a0])

    def product_loss(w):
        return 0.5 * (s - w[0] * w[1]) ** 2

    gradient = np.asarray(jax.grad(product_loss)(jnp.asarray(params)))
    spectrum = exact_spectrum(dense_hessian(product_loss, params), vectors=True)
    found = saddle(gradient, spectrum, eta, reach=np.sqrt(2 * s / 2))
    # without saturation strength grows as a0 exp(2 s eta t): s/2 is reached ln 2 / (2 s eta) earlier
    assert found.kind == "saddle" and found.index == 1
    assert found.steps == pytest.approx(half - np.log(2) / (2 * s * eta), rel=0.01)
    assert found.steps_low <= found.steps <= found.steps_high


def test_from_some_eigenpairs_only():
    matrix = np.diag([-3.0, -1.0, 0.5, 2.0, 4.0])
    found = saddle(np.full(5, 1e-6), lanczos(as_operator(matrix), 1, "smallest"), 0.1)
    assert found.kind == "saddle" and found.index == 1 and not found.exact
    assert found.displacement == pytest.approx(1e-6 / 3)
    assert found.steps == pytest.approx(np.log(3e6) / np.log(1.3), rel=1e-6)


def test_kinds():
    minimum = exact_spectrum(np.diag([1.0, 2.0]), vectors=True)
    assert saddle(np.zeros(2), minimum, 0.1).kind == "minimum"
    assert saddle(np.zeros(2), exact_spectrum(np.zeros((2, 2)), vectors=True), 0.1).kind == "flat"
    assert saddle(np.ones(2), minimum, 0.1, small=1e-3).kind == "slope"


@pytest.mark.parametrize(
    "call",
    [
        lambda: escape_steps(0.0, 1.0, 0.1),
        lambda: escape_steps(1.0, 1.0, np.nan),
        lambda: escape_steps(1.0, 1.0, 0.1, rho=1.0),
        lambda: saddle(np.zeros(3), exact_spectrum(np.eye(2), vectors=True), 0.1),
        lambda: saddle(np.zeros(2), exact_spectrum(np.eye(2)), 0.1),
        lambda: saddle(np.full(2, np.nan), exact_spectrum(np.eye(2), vectors=True), 0.1),
    ],
)
def test_misuse(call):
    with pytest.raises(UsageError):
        call()
