"""Densities, traces of functions and determinants against all eigenvalues."""

import numpy as np
import pytest

from ravine.diagnostics import as_operator, density, lanczos, log_determinant, quadrature, trace
from ravine.errors import UsageError


def with_eigenvalues(values, seed=0):
    q = np.linalg.qr(np.random.default_rng(seed).standard_normal((len(values), len(values))))[0]
    matrix = q * np.asarray(values, float) @ q.T
    return (matrix + matrix.T) / 2


VALUES = np.concatenate([np.linspace(0, 1, 190) ** 2, np.linspace(5, 30, 10)])


def test_the_density_of_known_eigenvalues():
    product = as_operator(with_eigenvalues(VALUES))
    spikes = lanczos(product, 10)
    assert spikes.converged.all()
    found = density(quadrature(product, 12, 60, spikes=spikes), width=0.05)
    truth = np.exp(-0.5 * ((found.grid[:, None] - VALUES[None, :190]) / 0.05) ** 2).sum(axis=1)
    truth = truth / (200 * 0.05 * np.sqrt(2 * np.pi))
    inside = (found.low - 1e-12 <= truth) & (truth <= found.high + 1e-12)
    assert inside.mean() > 0.8
    assert np.abs(found.density - truth).max() < 0.25 * truth.max()
    np.testing.assert_allclose(np.sort(found.spikes), VALUES[190:], atol=1e-6)
    assert found.share == 0.95
    assert np.trapezoid(found.density, found.grid) == pytest.approx(0.95, abs=1e-3)


def test_its_trace_is_the_trace():
    product = as_operator(with_eigenvalues(VALUES))
    by_density = quadrature(product, 30, 40).trace_of(lambda theta: theta)
    by_xtrace = trace(product, 80)
    assert by_density.value == pytest.approx(VALUES.sum(), abs=4 * by_density.error)
    assert by_xtrace.value == pytest.approx(VALUES.sum(), abs=4 * by_xtrace.error + 1e-9)
    deflated = quadrature(product, 30, 40, spikes=lanczos(product, 10)).trace_of(lambda theta: theta)
    assert deflated.value == pytest.approx(VALUES.sum(), abs=4 * deflated.error)
    assert deflated.error < by_density.error / 5


def test_log_determinant():
    matrix = with_eigenvalues(VALUES)
    expected = np.linalg.slogdet(matrix + 0.1 * np.eye(200))[1]
    found = log_determinant(quadrature(as_operator(matrix), 30, 60), 0.1)
    assert found.value == pytest.approx(expected, abs=4 * found.error)
    assert found.error < 0.05 * abs(expected)
    same = log_determinant(quadrature(as_operator(3 * np.eye(50)), 4, 20), 1.0)
    assert same.value == pytest.approx(50 * np.log(4), rel=1e-12) and same.error < 1e-9


def test_breakdowns_are_exact():
    """Identity of size 60: a recurrence that went on would place eigenvalues anywhere."""
    found = quadrature(as_operator(np.eye(60)), 3, 20)
    np.testing.assert_allclose(found.nodes[found.weights > 0], 1.0, rtol=1e-12)
    assert found.products == 3
    zero = quadrature(as_operator(np.zeros((60, 60))), 3, 20)
    assert zero.trace_of(lambda theta: theta).value == 0.0
    for each in (found, zero):
        with pytest.raises(UsageError, match="spike, not a density"):
            density(each)
    assert density(found, width=0.1).density.max() == pytest.approx(1 / (0.1 * np.sqrt(2 * np.pi)), rel=1e-3)


def test_misuse():
    product = as_operator(np.diag([-1.0, 1.0, 2.0]))
    found = quadrature(product, 2, 3)
    with pytest.raises(UsageError, match="2 probes"):
        quadrature(product, 1, 3)
    with pytest.raises(UsageError, match="projected out as spikes"):
        quadrature(product, 2, 3, spikes=lanczos(product, 3))
    with pytest.raises(UsageError, match="no logarithm"):
        log_determinant(found, 0.5)
    with pytest.raises(UsageError, match="not finite at an eigenvalue"):
        found.trace_of(np.log)
    with pytest.raises(UsageError, match="No density"):
        density(found, width=0.0)
