"""The ends of a Hessian in one program: what Lanczos finds in several, and where its start comes from."""

import sys

import jax.numpy as jnp
import numpy as np
import pytest

from ravine.diagnostics import hessian_eigenpairs, hessian_operator, lanczos
from ravine.diagnostics.hessian_eigenpairs import _start_of_sample
from ravine.errors import UsageError

ROWS, SIZE = 400, 30


@pytest.fixture(scope="module")
def rows():
    """Rows [N, D] whose second moments have a few large eigenvalues; signs, so that there are two ends."""
    random = np.random.default_rng(0)
    scales = np.concatenate([[9, 6, 4, 3], np.linspace(1, 0.2, SIZE - 4)])
    x = random.standard_normal((ROWS, SIZE)) * scales
    return x, np.where(np.arange(SIZE) % 2, -1.0, 1.0)


def loss(w, x, sign):
    return jnp.mean((x @ (sign[0] * w)) ** 2) / 2 - jnp.sum(jnp.where(sign[0] < 0, w, 0) ** 2) * 20


def second_moments(w, x):
    return jnp.mean((x @ w) ** 2) / 2


def told(rows, kind=np.float64):
    x, sign = rows
    return np.zeros(SIZE, kind), (x.astype(kind), np.tile(sign, (ROWS, 1)).astype(kind))


def dense(rows):
    x, sign = rows
    return (x * sign).T @ (x * sign) / ROWS - np.diag(np.where(sign < 0, 40.0, 0))


@pytest.mark.parametrize("which", ["magnitude", "largest", "smallest", "both"])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("tol", [None, 0.1])
def test_one_program_takes_the_steps_of_several(rows, which, count, tol):
    params, data = told(rows)
    found = hessian_eigenpairs(loss, params, data, count, which, tol=tol, seed=5)
    apart = lanczos(hessian_operator(loss, params, data), count, which, tol=tol, seed=5)
    assert found.products == apart.products
    np.testing.assert_allclose(found.values, apart.values, rtol=1e-9)
    np.testing.assert_allclose(found.residuals, apart.residuals, rtol=1e-3, atol=1e-9)


@pytest.mark.parametrize("which", ["magnitude", "largest", "smallest"])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("seed", range(3))
def test_a_start_from_a_few_rows_finds_the_same(rows, which, kind, seed):
    """Also where the steps of the first loop are not enough (the smallest, in float64)."""
    params, data = told(rows, kind)
    found = hessian_eigenpairs(loss, params, data, 1, which, sample=40, seed=seed)
    matrix = dense((data[0].astype(float), rows[1]))
    exact = np.linalg.eigvalsh(matrix)
    order = {"magnitude": -np.abs(exact), "largest": -exact, "smallest": exact}[which]
    value, residual, vector = found[0]
    assert abs(value - exact[np.argmin(order)]) <= residual and found.converged.all()
    rounding = np.finfo(kind).eps * np.abs(exact).max()  # of the products that the residual is made of
    assert np.linalg.norm(matrix @ vector - value * vector) <= residual + rounding
    if which == "smallest" and kind == np.float64:
        assert found.products > 16


def test_a_start_from_a_few_rows_saves_products(rows):
    params, data = told(rows)

    def spent(sample):
        found = [
            hessian_eigenpairs(loss, params, data, 1, "largest", sample=sample, tol=1e-3, seed=seed)
            for seed in range(10)
        ]
        return np.mean([each.products for each in found])

    assert spent(200) <= spent(None) - 1.5


def test_a_large_network_takes_its_basis_in_small_pieces(rows, monkeypatch):
    """More than sixteen steps: the basis grows by as many vectors, and the results are the same."""
    params, data = told(rows)
    plenty = hessian_eigenpairs(loss, params, data, 4, "smallest", seed=2)
    monkeypatch.setattr(sys.modules["ravine.diagnostics.lanczos_loop"], "LARGE", 0)
    exact = hessian_eigenpairs(loss, params, data, 4, "smallest", seed=2)
    assert exact.products == plenty.products > 16
    np.testing.assert_allclose(exact.values, plenty.values, rtol=1e-12)


def test_a_loss_that_is_not_finite_is_refused_with_a_sample(rows):
    params, data = told(rows)
    with pytest.raises(UsageError, match="The loss is nan"):
        hessian_eigenpairs(lambda w, x, sign: loss(w, x, sign) * np.nan, params, data, sample=9)


@pytest.mark.parametrize("seed", range(5))
def test_rows_without_the_largest_eigenvector(seed):
    """A direction of its own, in which none of the rows lie that a start is made from."""
    x = np.random.default_rng(seed).standard_normal((ROWS, SIZE)) * np.linspace(1, 2, SIZE)
    x[:, 0] = 0
    x[1::4] = 0
    x[1::4, 0] = 6.0
    found = hessian_eigenpairs(second_moments, np.zeros(SIZE), (x,), sample=100, seed=seed)
    assert found.values[0] == pytest.approx(9)


@pytest.mark.parametrize("tol", [0.1, 0.01, 1e-3, None])
def test_a_loose_tolerance_does_not_keep_what_the_start_came_with(tol):
    """Two thousand directions, in float32: the one that the sample lacks is small in its start."""
    for seed in range(5):
        x = np.random.default_rng(seed).standard_normal((ROWS, 2000)).astype(np.float32)
        x *= np.concatenate([[1, 20], np.full(1998, 0.5)]).astype(np.float32)
        x[:, 0] = 0
        x[1::4] = 0
        x[1::4, 0] = 60
        found = hessian_eigenpairs(
            second_moments, np.zeros(2000, np.float32), (x,), 1, "largest", sample=100, tol=tol, seed=seed
        )
        assert found.values[0] == pytest.approx(900, rel=0.05)


@pytest.mark.parametrize("sample", [30, 110, 199])
def test_a_sample_is_of_all_rows(sample):
    """Also of more than half of them, where the rows are sorted."""
    x = np.zeros((200, 3))
    x[:110, 0], x[110:, 1] = 4, 6
    start_of = _start_of_sample(second_moments, sample, 1)
    start = start_of(jnp.zeros(3), (jnp.asarray(x),), jnp.ones(3) / np.sqrt(3))
    assert start[1] > 0.9


@pytest.mark.parametrize("bad", [np.nan, 0.0])
def test_rows_that_give_no_start(bad):
    """The loss of the sample is not a number, or has no curvature: a random start does."""
    x = np.random.default_rng(0).standard_normal((ROWS, SIZE))

    def whole_only(w, x, row):
        enough = jnp.where(len(row) == ROWS, 1.0, bad)
        return enough * jnp.mean((x @ w) ** 2) / 2

    params, data = np.zeros(SIZE), (x, np.arange(ROWS, dtype=float))
    found = hessian_eigenpairs(whole_only, params, data, sample=50)
    assert found.values[0] == pytest.approx(np.linalg.eigvalsh(x.T @ x / ROWS)[-1])


@pytest.mark.parametrize("chunk", [None, 64])
def test_in_chunks(rows, chunk):
    params, data = told(rows)
    found = hessian_eigenpairs(loss, params, data, chunk=chunk, sample=80)
    exact = np.linalg.eigvalsh(dense(rows))
    assert np.abs(found.values[0]) == pytest.approx(np.abs(exact).max())


def test_trees_and_no_data():
    params = {"a": np.ones(3), "b": [np.float64(2.0)]}
    found = hessian_eigenpairs(lambda p: jnp.sum(p["a"] ** 4) + 5 * p["b"][0] ** 2, params, count=4)
    np.testing.assert_allclose(found.values, [12, 12, 12, 10])
    assert found.vectors.shape == (4, 4)


def test_another_point_compiles_nothing(rows):
    traced = []

    def counted(w, x):
        traced.append(1)
        return jnp.mean((x @ w) ** 4)

    x, _ = rows
    hessian_eigenpairs(counted, np.ones(SIZE), (x,), sample=40)
    before = len(traced)
    hessian_eigenpairs(counted, np.full(SIZE, 2.0), (x + 1,), sample=40, seed=3)
    assert len(traced) == before


def test_misuse(rows):
    params, data = told(rows)
    with pytest.raises(UsageError, match="start vector for one eigenpair"):
        hessian_eigenpairs(loss, params, data, 1, "both", sample=10)
    with pytest.raises(UsageError, match="start vector for one eigenpair"):
        hessian_eigenpairs(loss, params, data, 2, sample=10)
    for sample in (0, -3, 5.5):
        with pytest.raises(UsageError, match=f"A sample of {sample} rows"):
            hessian_eigenpairs(loss, params, data, sample=sample)
    with pytest.raises(UsageError, match="cannot be asked for"):
        hessian_eigenpairs(loss, params, data, 0, sample=10)
    with pytest.raises(UsageError, match="same number of rows"):
        hessian_eigenpairs(lambda w: jnp.sum(w**2), params, sample=10)
    with pytest.raises(UsageError, match="The loss is nan"):
        hessian_eigenpairs(lambda w: jnp.sum(w**2) * np.nan, params)
    with pytest.raises(UsageError, match="gradient is not finite"):
        hessian_eigenpairs(lambda w: jnp.sum(jnp.sqrt(w)), params)
    with pytest.raises(UsageError, match="no end 'large'"):
        hessian_eigenpairs(loss, params, data, 1, "large", sample=10)
    with pytest.raises(UsageError, match="not one number"):
        hessian_eigenpairs(lambda w: w**2, params)
    with pytest.raises(UsageError, match="is no function"):
        hessian_eigenpairs(3, params)
