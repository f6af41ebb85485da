"""Eigenpairs followed while the matrix moves."""

import numpy as np
import pytest

from ravine.diagnostics import as_operator, track_eigenpairs
from ravine.errors import UsageError


def rotation(size, seed=0):
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((size, size)))[0]


def turned(values, angle, size=80):
    """A matrix with these top eigenvalues whose eigenvectors turn with `angle`."""
    basis = rotation(size)
    top = np.cos(angle) * basis[:, : len(values)] + np.sin(angle) * basis[:, len(values) : 2 * len(values)]
    rest = -np.sin(angle) * basis[:, : len(values)] + np.cos(angle) * basis[:, len(values) : 2 * len(values)]
    q = np.concatenate([top, rest, basis[:, 2 * len(values) :]], axis=1)
    matrix = q * np.concatenate([values, np.linspace(-1, 1, size - len(values))]) @ q.T
    return (matrix + matrix.T) / 2


def test_from_nothing_it_finds_the_ends():
    matrix = turned([9.0, 5.0, -7.0], 0.0)
    assert track_eigenpairs(as_operator(matrix), count=2).pairs.values == pytest.approx([9, 5])
    assert track_eigenpairs(as_operator(matrix), count=1, which="smallest").pairs.values == pytest.approx(
        [-7]
    )
    assert track_eigenpairs(as_operator(matrix), count=2, which="magnitude").pairs.values == pytest.approx(
        [9, -7]
    )


def test_a_small_turn_costs_few_products():
    space = None
    spent = []
    for step in range(12):
        matrix = turned([9.0, 5.0], 0.01 * step)
        pairs, space = track_eigenpairs(as_operator(matrix), space, count=2, seed=step)
        np.testing.assert_allclose(pairs.values, [9, 5], atol=1e-9)
        assert pairs.converged.all()
        for value, residual, vector in (pairs[0], pairs[1]):
            assert np.linalg.norm(matrix @ vector - value * vector) == pytest.approx(residual, abs=1e-12)
        spent.append(pairs.products)
    assert np.mean(spent[1:]) < 0.7 * spent[0]


def test_an_eigenvalue_that_overtakes_is_met():
    """The tracked vector stays an exact eigenvector, so nothing but the guards can see the other one rise."""
    basis = rotation(60)
    space = None
    for step in range(15):
        rising = 0.5 * step
        values = np.concatenate([[5.0, rising], np.linspace(-1, 1, 58)])
        matrix = basis * values @ basis.T
        pairs, space = track_eigenpairs(as_operator((matrix + matrix.T) / 2), space, seed=step)
        assert pairs.values[0] == pytest.approx(max(5.0, rising), rel=1e-6)


@pytest.mark.parametrize("scale", [0.0, 1.0, -2.0])
def test_identity_and_zero(scale):
    pairs, space = track_eigenpairs(as_operator(scale * np.eye(20)), count=3)
    assert pairs.values == pytest.approx([scale] * 3) and pairs.converged.all()
    assert track_eigenpairs(as_operator(scale * np.eye(20)), space, count=3).pairs.values == pytest.approx(
        [scale] * 3
    )


def test_small_matrices_and_a_short_budget():
    assert track_eigenpairs(as_operator([[3.0]]), count=2).pairs.values == pytest.approx([3.0])
    pairs = track_eigenpairs(as_operator(turned([9.0], 0.0)), steps=4).pairs
    assert pairs.products == 4 or not pairs.converged.all()


def test_misuse():
    product = as_operator(np.eye(3))
    with pytest.raises(UsageError, match="cannot be tracked"):
        track_eigenpairs(product, which="both")
    with pytest.raises(UsageError, match="Ask for 1"):
        track_eigenpairs(product, count=0)
    with pytest.raises(UsageError, match="cannot be start vectors"):
        track_eigenpairs(product, np.ones((1, 4)))
    with pytest.raises(UsageError, match="cannot be start vectors"):
        track_eigenpairs(product, np.full((1, 3), np.nan))
