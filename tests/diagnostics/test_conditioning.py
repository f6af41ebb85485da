"""Condition numbers of singular and indefinite matrices known by construction."""

import numpy as np
import pytest

from ravine.diagnostics import as_operator, condition_bounds, conditioning, exact_spectrum
from ravine.errors import UsageError


def with_eigenvalues(values, seed=0):
    q = np.linalg.qr(np.random.default_rng(seed).standard_normal((len(values), len(values))))[0]
    matrix = q * np.asarray(values, float) @ q.T
    return (matrix + matrix.T) / 2


def test_singular_and_indefinite():
    found = conditioning(exact_spectrum(with_eigenvalues([100.0, 4.0, 0.5, -2.0, -0.25, 0.0, 0.0])), 1.0)
    assert found.ratio.value == pytest.approx(400, rel=1e-9)
    assert (found.nullity, found.negative) == (2, 2)
    assert found.ratio.low <= 400 <= found.ratio.high
    assert found.damped is None  # -2 + 1 is below zero
    assert 0 < found.tolerance < 1e-10


def test_damped_by_weight_decay():
    found = conditioning(exact_spectrum(with_eigenvalues([100.0, 4.0, 0.0])), 0.5)
    assert found.damped.value == pytest.approx(100.5 / 0.5)


def test_regression_with_a_mean():
    """Inputs of mean mu and variance s^2: 1 + d mu^2 / s^2 (claim P2), here with the moments exact."""
    d, mu, s = 10, 0.5, np.sqrt(1 / 12)
    matrix = s**2 * np.eye(d) + mu**2 * np.ones((d, d))
    assert conditioning(exact_spectrum(matrix)).ratio.value == pytest.approx(1 + d * mu**2 / s**2)


def test_iterations():
    """At the best rate the slowest error shrinks by (k - 1)/(k + 1) a step."""
    found = conditioning(exact_spectrum(np.diag([100.0, 1.0])))
    assert (99 / 101) ** found.iterations == pytest.approx(np.exp(-1))
    assert conditioning(exact_spectrum(np.eye(3))).iterations == 0.0


def test_float32_counts_more_as_zero():
    matrix = np.diag([1.0, 1e-6])
    assert conditioning(exact_spectrum(matrix)).ratio.value == pytest.approx(1e6)
    narrow = conditioning(exact_spectrum(matrix.astype(np.float32)))
    assert narrow.nullity == 1 and narrow.ratio.value == 1.0


@pytest.mark.parametrize("seed", range(5))
def test_bounds_hold(seed):
    values = np.concatenate([np.geomspace(1e-4, 50, 180), -np.geomspace(1e-3, 2, 20), np.zeros(40)])
    product = as_operator(with_eigenvalues(values, seed))
    found = condition_bounds(product, seed=seed, steps=80)
    assert 50 < found.at_least <= 50 / 1e-4
    assert found.largest == pytest.approx(50) and found.damped_high is None
    positive = np.concatenate([np.geomspace(1e-4, 50, 180), np.zeros(40)])
    semi = condition_bounds(as_operator(with_eigenvalues(positive, seed)), 0.1, semidefinite=True, seed=seed)
    assert semi.damped_low <= 50.1 / 0.1 * (1 + 1e-9) and semi.damped_high >= 50.1 / 0.1 * (1 - 1e-9)
    assert semi.damped_low > 250


def test_the_identity_is_well_conditioned():
    assert condition_bounds(as_operator(7 * np.eye(60))).at_least == pytest.approx(1.0)


@pytest.mark.parametrize(
    "call",
    [
        lambda: conditioning(exact_spectrum(np.zeros((3, 3)))),
        lambda: condition_bounds(as_operator(np.zeros((3, 3)))),
        lambda: conditioning(exact_spectrum(np.eye(3)), -1.0),
        lambda: condition_bounds(as_operator(np.eye(3)), np.nan),
    ],
)
def test_misuse(call):
    with pytest.raises(UsageError):
        call()
