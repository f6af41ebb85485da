"""Traces and diagonals against the matrices they belong to, errors against their spread."""

import numpy as np
import pytest

from ravine.diagnostics import as_operator, diagonal, hutchinson, trace
from ravine.errors import UsageError


def decaying(size=120, power=2.0, seed=0):
    q = np.linalg.qr(np.random.default_rng(seed).standard_normal((size, size)))[0]
    matrix = q * np.arange(1.0, size + 1) ** -power @ q.T
    return (matrix + matrix.T) / 2


def test_hutchinsons_variance():
    """One probe has the variance 2 (|A|_F^2 - sum A_ii^2)."""
    matrix = decaying(60, 0.5)
    product = as_operator(matrix)
    found = [hutchinson(product, 16, seed=seed) for seed in range(400)]
    expected = 2 * (np.sum(matrix**2) - np.sum(np.diagonal(matrix) ** 2)) / 16
    assert np.var([each.value for each in found]) == pytest.approx(expected, rel=0.3)
    assert np.mean([each.error**2 for each in found]) == pytest.approx(expected, rel=0.1)
    assert abs(np.mean([each.value for each in found]) - np.trace(matrix)) < 4 * np.sqrt(expected / 400)


def test_hutchinson_is_exact_for_a_diagonal_matrix():
    found = hutchinson(as_operator(np.diag([1.0, -2.0, 5.0])), 4)
    assert found.value == pytest.approx(4.0) and found.error == pytest.approx(0.0)


@pytest.mark.parametrize("power", [0.0, 0.5, 2.0])
def test_xtrace_is_unbiased_and_its_error_honest(power):
    matrix = decaying(120, power) + (0.0 if power else np.diag(np.linspace(-1, 1, 120)))
    truth = np.trace(matrix)
    found = [trace(as_operator(matrix), 40, seed=seed) for seed in range(200)]
    errors = np.array([each.value - truth for each in found])
    claimed = np.sqrt(np.mean([each.error**2 for each in found]))
    assert abs(errors.mean()) < 4 * errors.std() / np.sqrt(200) + 1e-12
    assert 0.5 < claimed / np.sqrt(np.mean(errors**2)) < 2.5


def test_xtrace_beats_hutchinson_where_eigenvalues_decay():
    matrix = decaying()
    found = np.std([trace(as_operator(matrix), 40, seed=seed).value for seed in range(50)])
    plain = np.std([hutchinson(as_operator(matrix), 40, seed=seed).value for seed in range(50)])
    assert found < plain / 5


@pytest.mark.parametrize("rank", [0, 1, 5, 19])
def test_low_rank_is_exact(rank):
    q = np.linalg.qr(np.random.default_rng(1).standard_normal((100, 100)))[0][:, :rank]
    matrix = q * np.linspace(1, 3, rank) @ q.T
    found = trace(as_operator((matrix + matrix.T) / 2), 40)
    assert found.value == pytest.approx(np.linspace(1, 3, rank).sum(), abs=1e-11)
    assert found.error < 1e-9


def test_the_identity():
    found = trace(as_operator(np.eye(300)), 20)
    assert found.value == pytest.approx(300, rel=1e-12)


def test_as_many_products_as_rows_are_exact():
    matrix = decaying(10)
    found = trace(as_operator(matrix), 10)
    assert found.value == pytest.approx(np.trace(matrix), rel=1e-13) and found.error < 1e-13
    np.testing.assert_allclose(diagonal(as_operator(matrix), 10).values, np.diagonal(matrix), rtol=1e-13)


def test_diagonal_within_its_errors():
    matrix = decaying(80, 0.5)
    found = diagonal(as_operator(matrix), 60)
    pulls = (found.values - np.diagonal(matrix)) / found.errors
    assert 0.7 < np.sqrt(np.mean(pulls**2)) < 1.4


def test_misuse():
    with pytest.raises(UsageError):
        hutchinson(as_operator(np.eye(3)), 1)
    with pytest.raises(UsageError):
        diagonal(as_operator(np.eye(3)), 0)
    with pytest.raises(UsageError):
        trace(as_operator(np.eye(30)), 2)
