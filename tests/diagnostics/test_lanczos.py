"""The ends of spectra known by construction, where recurrences break down and where they do not."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine.diagnostics import (
    SymmetricOperator,
    as_operator,
    extreme_eigenvalues,
    hessian_matvec,
    hessian_operator,
    krylov,
    lanczos,
)
from ravine.errors import UsageError


def with_eigenvalues(values, seed=0):
    rotation, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((len(values), len(values))))
    matrix = rotation * np.asarray(values, float) @ rotation.T
    return (matrix + matrix.T) / 2


SPREAD = np.concatenate([np.linspace(-1, 1, 96), [-7.0, 3.0, 5.0, 8.0]])


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ("magnitude", [8, -7, 5]),
        ("largest", [8, 5, 3]),
        ("smallest", [-7, -1, -1 + 2 / 95]),
        ("both", [8, 5, 3, -7, -1, -1 + 2 / 95]),
    ],
)
def test_the_ends_of_a_spectrum(which, expected):
    matrix = with_eigenvalues(SPREAD)
    found = lanczos(as_operator(matrix), 3, which)
    np.testing.assert_allclose(found.values, expected, atol=1e-9)
    assert found.converged.all()
    for value, residual, vector in (found[place] for place in range(len(found))):
        assert np.linalg.norm(matrix @ vector - value * vector) == pytest.approx(residual, abs=1e-13)
        assert residual <= found.tolerance
    assert found.tolerance == pytest.approx(8e-8)


def test_eigenvalues_of_equal_size_and_opposite_sign():
    """A rule that watches the change of the power iteration's quotient can return neither."""
    found = lanczos(as_operator(with_eigenvalues([*np.linspace(-1, 1, 58), 4.0, -4.0])), 2)
    np.testing.assert_allclose(sorted(found.values), [-4, 4], atol=1e-9)


@pytest.mark.parametrize("count", [1, 20, 60, 100])
@pytest.mark.parametrize("scale", [1.0, 0.0, -3e-9, 5e12])
def test_multiples_of_the_identity(count, scale):
    found = lanczos(as_operator(scale * np.eye(60)), count)
    np.testing.assert_allclose(found.values, np.full(min(count, 60), scale), rtol=1e-12)
    assert found.converged.all()
    np.testing.assert_allclose(found.vectors @ found.vectors.T, np.eye(len(found)), atol=1e-12)


def test_copies_of_an_eigenvalue():
    matrix = with_eigenvalues([5.0] * 3 + [1.0] * 40 + [0.0] * 30)
    found = lanczos(as_operator(matrix), 4)
    np.testing.assert_allclose(found.values, [5, 5, 5, 1], atol=1e-9)


def test_both_ends_of_the_identity():
    found = lanczos(as_operator(np.eye(30)), 1, "both")
    np.testing.assert_allclose(found.values, [1, 1])


def test_whitened_regression():
    """Its Hessian is the identity but for rounding: 2 X'X / N = 2 I."""
    x, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((80, 30)))
    x = x * np.sqrt(80)
    y = x @ np.ones(30)
    product = hessian_operator(lambda w: jnp.mean((jnp.asarray(x) @ w - jnp.asarray(y)) ** 2), np.zeros(30))
    for count in (1, 5, 30):
        np.testing.assert_allclose(lanczos(product, count).values, 2.0, atol=1e-12)
    closed = krylov(product, np.ones(30), 20)
    assert closed.closed and len(closed.alphas) == 1


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_dead_network(dtype):
    """All rectifiers off: only the last bias is felt, L = mean (b - y)^2, one eigenvalue 2 and zeros."""
    x = np.random.default_rng(0).uniform(0, 1, (20, 4)).astype(dtype)
    params = {"w": -np.ones((4, 6), dtype), "v": np.ones((6, 1), dtype), "b": np.zeros(1, dtype)}

    def loss(p):
        return jnp.mean((jax.nn.relu(jnp.asarray(x) @ p["w"]) @ p["v"] + p["b"][None, :]) ** 2)

    found = lanczos(hessian_operator(loss, params), 5)
    np.testing.assert_allclose(found.values, [2, 0, 0, 0, 0], atol=1e-6)
    assert found.converged.all()


def test_no_ghosts_in_float32():
    """Without reorthogonalisation copies of the top eigenvalue appear after some ten steps."""
    values = np.concatenate([[1e3, 1e2, 1e1], np.linspace(0.1, 1, 197)])
    found = lanczos(as_operator(with_eigenvalues(values).astype(np.float32)), 3, steps=150, tol=1e-30)
    np.testing.assert_allclose(found.values, values[:3], rtol=1e-4)
    assert not found.converged.any()


def test_residuals_bound_the_distance_to_an_eigenvalue_when_cut_short():
    values = np.linspace(-1, 1, 200)
    found = lanczos(as_operator(with_eigenvalues(values)), 3, steps=12)
    assert not found.converged.all()
    for value, residual in zip(found.values, found.residuals, strict=True):
        assert np.abs(values - value).min() <= residual + 1e-12


def test_size_one_and_starts():
    assert lanczos(as_operator([[3.0]])).values == pytest.approx([3.0])
    matrix = with_eigenvalues(SPREAD)
    top = lanczos(as_operator(matrix))
    again = lanczos(as_operator(matrix), start=top.vectors[0])
    assert again.values[0] == pytest.approx(8.0)
    assert lanczos(as_operator(matrix), start=np.zeros(100)).values[0] == pytest.approx(8.0)


def quadratic_loss(w, half):
    return w @ half @ w


def quadratic(matrix):
    """The Hessian of w'Aw/2, whose product can be traced: one loss, so that matrices share their programs."""
    half = jnp.asarray(matrix) / 2
    return hessian_operator(quadratic_loss, np.zeros(len(matrix), half.dtype), (half,))


@pytest.mark.parametrize(
    "values", [SPREAD, np.ones(40), np.zeros(40), [2.0] * 3 + [1.0] * 37, [3.0]], ids=len
)
@pytest.mark.parametrize("count", [1, 3, 30])
@pytest.mark.parametrize("which", ["magnitude", "smallest", "both"])
def test_steps_in_a_compiled_loop_are_those_taken_one_by_one(values, count, which):
    """Breakdowns, restarts and growing room included."""
    matrix = with_eigenvalues(values)
    traced, stepped = (lanczos(each, count, which) for each in (quadratic(matrix), as_operator(matrix)))
    # sizes that are equal come in either order
    np.testing.assert_allclose(np.sort(traced.values), np.sort(stepped.values), atol=1e-9)
    assert traced.converged.all() and stepped.converged.all()
    for value, vector, residual in zip(traced.values, traced.vectors, traced.residuals, strict=True):
        assert np.linalg.norm(matrix @ vector - value * vector) == pytest.approx(residual, abs=1e-12)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("tol", [0.3, 0.03, 1e-3])
@pytest.mark.parametrize("which", ["magnitude", "largest", "smallest"])
def test_a_compiled_loop_ends_at_the_first_step_that_has_enough(count, tol, which):
    """Looked at from its fourth step on, by all residuals of the tridiagonal matrix; never at one too few.

    On a GPU, where a look is slow, from its sixth on, at every second.
    """
    matrix = with_eigenvalues(np.concatenate([[-20, -6, -4, 11, 7, 4], np.linspace(0, 1, 34)]))
    start = np.random.default_rng(3).standard_normal(40)
    found = lanczos(quadratic(matrix), count, which, tol=tol, start=start)
    alphas, betas, _, _ = krylov(as_operator(matrix), start, 40)
    for steps in range(4, 17) if jax.default_backend() == "cpu" else range(6, 17, 2):
        theta, inner = np.linalg.eigh(
            np.diag(alphas[:steps]) + np.diag(betas[: steps - 1], 1) + np.diag(betas[: steps - 1], -1)
        )
        key = {"magnitude": -np.abs(theta), "largest": -theta, "smallest": theta}[which]
        wanted = np.argsort(key)[:count]
        if (np.abs(betas[steps - 1] * inner[-1, wanted]) <= tol * np.abs(theta).max()).all():
            break
    assert found.products == steps <= 16 and found.converged.all()


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("traced", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_all_copies_of_a_value_are_found_where_the_recurrence_breaks_down(kind, traced, seed):
    """All residuals of a closed space are zero: the next one is not left before its own end is known."""
    random = np.random.default_rng(seed)
    basis, _ = np.linalg.qr(random.normal(size=(40, 40)))
    matrix = ((basis * ([10.0] * 2 + [5.0] * 3 + [1.0] * 35)) @ basis.T).astype(kind)
    found = lanczos(quadratic(matrix) if traced else as_operator(matrix), 2, seed=seed)
    np.testing.assert_allclose(found.values, 10, rtol=1e-5)
    second = lanczos(quadratic(matrix) if traced else as_operator(matrix), 1, start=basis[:, 3])
    assert second.values[0] == pytest.approx(10, rel=1e-5)  # the start was of another value


def diagonal_loss(w, half):
    return jnp.sum(half * w**2)


@pytest.mark.parametrize("size", [1.0, 1e-20, 1e15])
def test_a_compiled_loop_in_float32(size):
    """Squares of what is small are zero there; and no residual is below what rounding leaves open."""
    values = size * np.linspace(1, 60, 60)
    product = hessian_operator(
        diagonal_loss, np.zeros(60, np.float32), (jnp.asarray(values / 2, jnp.float32),)
    )
    found = lanczos(product, 3, "largest", tol=1e-5)
    assert found.converged.all()
    np.testing.assert_allclose(found.values, values[::-1][:3], rtol=1e-5)
    assert (np.abs(found.values - values[::-1][:3]) <= found.residuals).all()
    assert len(krylov(product, np.ones(60), 30).alphas) == 30
    exact = values.astype(np.float32).astype(float)
    for value, vector, residual in zip(found.values, found.vectors, found.residuals, strict=True):
        assert np.linalg.norm(exact * vector - value * vector) <= residual


def test_a_start_without_the_end_that_is_asked_for():
    matrix = with_eigenvalues(SPREAD)
    lowest = lanczos(as_operator(matrix), 1, "smallest").vectors[0]
    for product in (as_operator(matrix), quadratic(matrix)):
        assert lanczos(product, 1, "largest", start=lowest).values[0] == pytest.approx(8.0)


def test_products_made_of_others_are_the_same_in_a_compiled_loop():
    matrix, random = with_eigenvalues(SPREAD), np.random.default_rng(1)
    apart = np.linalg.qr(random.standard_normal((100, 2)))[0].T
    preconditioner = random.uniform(0.5, 2, 100)
    for made in (
        lambda p: p.damped(0.3),
        lambda p: p.scaled(preconditioner),
        lambda p: p.outside(apart),
        lambda p: p.damped(0.3).scaled(preconditioner).outside(apart),
    ):
        dense = np.stack([made(as_operator(matrix))(row) for row in np.eye(100)])
        traced = made(quadratic(matrix))
        assert traced.traced is not None
        np.testing.assert_allclose(np.stack([traced(row) for row in np.eye(100)]), dense, atol=1e-12)
        top = lanczos(traced, 2, "largest")
        np.testing.assert_allclose(top.values, np.linalg.eigvalsh(dense)[::-1][:2], rtol=1e-8)


def test_another_point_compiles_nothing():
    traced = []

    def loss(w, scale):
        traced.append(1)
        return scale * jnp.sum(w**4)

    def top(point, scale):
        return lanczos(hessian_operator(loss, np.full(30, point), (jnp.float64(scale),)), seed=3).values[0]

    first = top(1.0, 1.0)
    before = len(traced)
    assert top(2.0, 3.0) == pytest.approx(12 * first)
    assert len(traced) == before


def test_a_loop_that_meets_what_is_not_finite_says_so():
    product = hessian_operator(lambda w: jnp.sum(w**1.5), np.array([0.0, 1.0, 2.0]))
    with pytest.raises(UsageError, match="not finite"):
        lanczos(product)


@partial(jax.jit, static_argnums=2)
def ends_of(matrix, start, steps):
    return extreme_eigenvalues(lambda v: jnp.asarray(matrix) @ v, jnp.asarray(start), steps)


@pytest.mark.parametrize("steps", [1, 6, 30, 100])
def test_both_ends_inside_a_program(steps):
    """Ends of the tridiagonal matrix; each residual is that of its vector, and bounds its error."""
    matrix = with_eigenvalues(SPREAD)
    start = np.random.default_rng(2).standard_normal(100)
    found = ends_of(matrix, start, steps)
    alphas, betas, _, _ = krylov(as_operator(matrix), start, steps)
    theta = np.linalg.eigvalsh(np.diag(alphas) + np.diag(betas[:-1], 1) + np.diag(betas[:-1], -1))
    np.testing.assert_allclose([found.smallest, found.largest], theta[[0, -1]], atol=1e-11)
    for value, residual, vector in (found[:3], found[3:]):
        assert np.linalg.norm(vector) == pytest.approx(1)
        assert np.linalg.norm(matrix @ vector - value * vector) == pytest.approx(float(residual), abs=1e-11)
        assert np.abs(SPREAD - value).min() <= residual + 1e-11


@pytest.mark.parametrize("values", [[3.0], [2.0] * 9, [0.0] * 9, [-1.0] * 9, [4.0] * 5 + [-2.0] * 4])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_both_ends_where_the_recurrence_breaks_down(values, kind):
    """The space is closed: values are exact, vectors lie in it, nothing comes from its padding."""
    matrix = with_eigenvalues(values).astype(kind)
    found = ends_of(matrix, np.ones(len(values), kind), 6)
    rounding = 20 * float(np.finfo(kind).eps)
    np.testing.assert_allclose([found.largest, found.smallest], [max(values), min(values)], atol=rounding)
    for value, residual, vector in (found[:3], found[3:]):
        assert residual <= rounding and np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
        assert np.linalg.norm(matrix @ vector - value * vector) <= rounding


def test_both_ends_of_several_matrices_side_by_side():
    matrices = np.stack([scale * with_eigenvalues(SPREAD) for scale in (1.0, -2.0)])
    found = jax.vmap(lambda matrix: ends_of(matrix, np.ones(100), 60))(matrices)
    np.testing.assert_allclose(found.largest, [8, 14], atol=1e-8)
    np.testing.assert_allclose(found.smallest, [-7, -16], atol=1e-8)


def test_a_hessian_inside_a_program():
    def loss(params, x):
        return jnp.sum(jnp.tanh(x @ params["w"]) ** 2) + jnp.sum(params["b"] ** 4)

    params = {"b": jnp.array([0.3, -0.7]), "w": jnp.array([[0.5], [1.0], [-0.2]])}
    x = jnp.asarray(np.random.default_rng(0).standard_normal((7, 3)))
    dense = np.stack([hessian_operator(loss, params, (x,))(row) for row in np.eye(5)])

    @jax.jit
    def ends(params, x):
        return extreme_eigenvalues(hessian_matvec(loss, params, x), jnp.ones(5), 5)

    found, exact = ends(params, x), np.linalg.eigvalsh(dense)
    np.testing.assert_allclose([found.smallest, found.largest], exact[[0, -1]], rtol=1e-10)


def test_krylov_is_a_tridiagonal_matrix():
    matrix = with_eigenvalues(SPREAD)
    alphas, betas, basis, closed = krylov(as_operator(matrix), np.ones(100), 30)
    inner = np.diag(alphas) + np.diag(betas[:-1], 1) + np.diag(betas[:-1], -1)
    np.testing.assert_allclose(basis @ matrix @ basis.T, inner, atol=1e-12)
    np.testing.assert_allclose(basis @ basis.T, np.eye(30), atol=1e-13)
    assert not closed


def test_misuse():
    product = as_operator(np.eye(3))
    with pytest.raises(UsageError, match="Did you mean 'largest'"):
        lanczos(product, which="large")
    with pytest.raises(UsageError, match="cannot be asked for"):
        lanczos(product, 0)
    with pytest.raises(UsageError, match="not all zero"):
        krylov(product, np.zeros(3), 2)
    with pytest.raises(UsageError, match="not one number"):
        hessian_operator(lambda w: w**2, np.ones(3))
    with pytest.raises(UsageError, match="cannot be asked for"):
        lanczos(product, 1.5)
    for tol in (np.nan, -1e-3):
        with pytest.raises(UsageError, match="cannot be aimed at"):
            lanczos(product, tol=tol)
    with pytest.raises(UsageError, match="finite vector of 3"):
        lanczos(product, start=np.full(3, np.nan))
    with pytest.raises(UsageError, match="not finite"):
        lanczos(SymmetricOperator(lambda v: v * np.nan, 3))
