"""Products against dense derivatives of JAX, in chunks and whole, and through the product's own networks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from ravine.diagnostics import (
    as_operator,
    dense_gauss_newton,
    dense_hessian,
    exact_spectrum,
    from_vector,
    gauss_newton_operator,
    hessian_operator,
    leaf_slices,
    to_vector,
)
from ravine.diagnostics.chunked_mean import chunked_mean
from ravine.errors import UsageError


def reference(loss, params, data):
    flat, unravel = ravel_pytree(jax.tree.map(jnp.asarray, params))
    return np.asarray(jax.hessian(lambda w: loss(unravel(w), *data))(flat))


def matrix_of(product):
    return np.stack([product(row) for row in np.eye(product.size)])


@pytest.mark.parametrize("chunk", [None, 7, 10, 40, 1000])
def test_hessian_product_is_the_dense_hessian(mlp, chunk):
    loss, _, params, data = mlp
    product = hessian_operator(loss, params, data, chunk=chunk)
    np.testing.assert_allclose(matrix_of(product), reference(loss, params, data), atol=1e-13)
    np.testing.assert_allclose(product.block(np.eye(product.size)), matrix_of(product), atol=1e-14)


def test_dense_hessian(mlp):
    loss, _, params, data = mlp
    np.testing.assert_allclose(dense_hessian(loss, params, data), reference(loss, params, data), atol=1e-13)


def test_weighted_rows_in_chunks(mlp):
    _, outputs, params, (x, y) = mlp
    weight = np.random.default_rng(3).uniform(0.0, 2.0, len(x))

    def loss(params, x, y, weight):
        logs = jax.nn.log_softmax(outputs(params, x))
        rows = -jnp.sum(logs * jax.nn.one_hot(y, 3), axis=1)
        return jnp.sum(weight * rows) / jnp.sum(weight)

    data = (x, y, weight)
    product = hessian_operator(loss, params, data, chunk=9, weigh=lambda x, y, weight: jnp.sum(weight))
    np.testing.assert_allclose(matrix_of(product), reference(loss, params, data), atol=1e-13)
    wrong = hessian_operator(loss, params, data, chunk=9)
    assert np.abs(matrix_of(wrong) - reference(loss, params, data)).max() > 1e-4


@pytest.mark.parametrize("chunk", [None, 7])
def test_gauss_newton_of_softmax_regression_is_its_hessian(softmax_regression, chunk):
    """Outputs linear in the weights: no second derivative of the outputs is left out."""
    loss, outputs, params, data = softmax_regression
    found = gauss_newton_operator(outputs, params, data[0], chunk=chunk)
    np.testing.assert_allclose(matrix_of(found), reference(loss, params, data), atol=1e-13)
    dense = dense_gauss_newton(outputs, params, data[0])
    np.testing.assert_allclose(dense, reference(loss, params, data), atol=1e-13)


@pytest.mark.parametrize("chunk", [None, 7])
def test_gauss_newton_of_a_network_is_the_sum_over_jacobians(mlp, chunk):
    _, outputs, params, (x, _) = mlp
    weight = np.random.default_rng(5).uniform(0.0, 2.0, len(x))
    weight[:7] = 0  # a whole chunk without weight
    flat, unravel = ravel_pytree(jax.tree.map(jnp.asarray, params))
    jacobian = np.asarray(jax.jacobian(lambda w: outputs(unravel(w), jnp.asarray(x)))(flat))
    p = np.asarray(jax.nn.softmax(outputs(params, x)))
    middle = p[:, :, None] * (np.eye(3)[None] - p[:, None, :])
    share = weight / weight.sum()
    expected = np.einsum("n,nkd,nkl,nle->de", share, jacobian, middle, jacobian)
    found = matrix_of(gauss_newton_operator(outputs, params, x, weight=weight, chunk=chunk))
    np.testing.assert_allclose(found, expected, atol=1e-13)
    squares = matrix_of(gauss_newton_operator(outputs, params, x, "squared_error", chunk=chunk))
    np.testing.assert_allclose(squares, 2 * np.einsum("nkd,nke->de", jacobian, jacobian) / len(x), atol=1e-12)


def test_layers_with_a_hand_written_reverse_rule():
    """Such layers refuse forward mode; J v is had through the transpose of the reverse mode."""

    @jax.custom_vjp
    def multiply(x, w):
        return x @ w

    multiply.defvjp(lambda x, w: (x @ w, (x, w)), lambda kept, dy: (dy @ kept[1].T, kept[0].T @ dy))
    x = np.random.default_rng(0).standard_normal((6, 3))
    w = np.random.default_rng(1).standard_normal((3, 2))
    found = gauss_newton_operator(lambda w, x: jnp.tanh(multiply(x, w)), w, x, "squared_error")
    plain = gauss_newton_operator(lambda w, x: jnp.tanh(x @ w), w, x, "squared_error")
    np.testing.assert_allclose(matrix_of(found), matrix_of(plain), atol=1e-14)
    own = hessian_operator(lambda w: jnp.sum(jnp.tanh(multiply(x, w)) ** 2), w)
    same = hessian_operator(lambda w: jnp.sum(jnp.tanh(x @ w) ** 2), w)
    np.testing.assert_allclose(matrix_of(own), matrix_of(same), atol=1e-13)


def test_damped_and_scaled():
    generator = np.random.default_rng(0)
    a = generator.standard_normal((5, 5))
    a = a + a.T
    p = generator.uniform(0.5, 2.0, 5)
    np.testing.assert_allclose(matrix_of(as_operator(a).damped(0.3)), a + 0.3 * np.eye(5), atol=1e-14)
    np.testing.assert_allclose(
        as_operator(a).scaled(p).block(np.eye(5)), a / np.sqrt(np.outer(p, p)), atol=1e-14
    )
    with pytest.raises(UsageError, match="above zero"):
        as_operator(a).scaled(np.array([1.0, 1, 0, 1, 1]))


def test_a_second_point_compiles_nothing(mlp):
    loss, _, params, data = mlp
    traced = []

    def counted(params, x, y):
        traced.append(1)
        return loss(params, x, y)

    hessian_operator(counted, params, data)(np.ones(57))
    dense_hessian(counted, params, data)
    before = len(traced)
    other = jax.tree.map(lambda leaf: leaf + 0.1, params)
    product = hessian_operator(counted, other, (data[0] * 2.0, data[1]))
    np.testing.assert_allclose(
        matrix_of(product), dense_hessian(counted, other, (data[0] * 2.0, data[1])), atol=1e-13
    )
    assert len(traced) == before


def test_softmax_regression_has_d_plus_1_zero_eigenvalues(softmax_regression):
    loss, _, params, data = softmax_regression
    found = exact_spectrum(dense_hessian(loss, params, data))
    assert (found.index, found.nullity, found.positive) == (0, 5, 10)
    zeros = np.abs(found.values[:5])
    assert zeros.max() < found.tolerance < found.values[5] / 100


def test_float32_parameters_stay_float32_and_say_so(mlp):
    loss, _, params, data = mlp
    narrow = jax.tree.map(lambda leaf: np.asarray(leaf, np.float32), params)
    jax.config.update("jax_numpy_dtype_promotion", "standard")
    product = hessian_operator(loss, narrow, (np.asarray(data[0], np.float32), data[1]))
    assert product.epsilon == np.finfo(np.float32).eps
    difference = np.abs(matrix_of(product) - reference(loss, params, data)).max()
    assert 1e-12 < difference < 1e-5


def test_float64_parameters_are_worked_on_in_float64_whatever_the_setting(mlp):
    loss, _, params, data = mlp
    expected = reference(loss, params, data)
    jax.config.update("jax_enable_x64", False)
    jax.config.update("jax_numpy_dtype_promotion", "standard")
    np.testing.assert_allclose(matrix_of(hessian_operator(loss, params, data)), expected, atol=1e-13)
    np.testing.assert_allclose(dense_hessian(loss, params, data), expected, atol=1e-13)


def test_vectors_and_trees(mlp):
    _, _, params, _ = mlp
    vector = to_vector(params)
    back = from_vector(params, vector)
    assert all(
        np.array_equal(a, b) for a, b in zip(jax.tree.leaves(back), jax.tree.leaves(params), strict=True)
    )
    slices = leaf_slices(params)
    np.testing.assert_array_equal(vector[slices["[1]['weight']"]], params[1]["weight"].ravel())
    assert sum(each.stop - each.start for each in slices.values()) == len(vector)


def test_chunks_of_trees():
    rows = {"a": jnp.arange(10.0), "b": jnp.arange(20.0).reshape(10, 2)}
    mean = chunked_mean(lambda d: {"m": jnp.mean(d["a"]), "n": jnp.mean(d["b"], axis=0)}, (rows,), 3)
    np.testing.assert_allclose(mean["m"], 4.5)
    np.testing.assert_allclose(mean["n"], [9.0, 10.0])


def square(w):
    return jnp.sum(w["a"] ** 2)


@pytest.mark.parametrize(
    ("loss", "params", "says"),
    [
        (lambda w: jnp.sum(jnp.log(w)), np.array([-1.0]), "loss is nan"),
        (lambda w: jnp.sum(jnp.sqrt(w)), np.array([0.0]), "gradient is not finite"),
        (square, {"a": np.array([np.nan])}, r"\['a'\] holds values"),
        (square, {"a": np.array([], float)}, "no parameters"),
        (square, {}, "no parameters"),
        (square, {"a": np.array([1])}, "int64, not an array of floats"),
        (3.0, np.array([1.0]), "no function"),
    ],
)
def test_what_cannot_be_measured_is_said(loss, params, says):
    with pytest.raises(UsageError, match=says):
        hessian_operator(loss, params)
    with pytest.raises(UsageError, match=says):
        dense_hessian(loss, params)


def test_bad_options(mlp):
    loss, outputs, params, data = mlp
    with pytest.raises(UsageError, match="is not possible"):
        hessian_operator(loss, params, data, chunk=0)
    with pytest.raises(UsageError, match="same number of rows"):
        hessian_operator(loss, params, (data[0], data[1][:-1]), chunk=4)
    with pytest.raises(UsageError, match="no loss 'cross'"):
        gauss_newton_operator(outputs, params, data[0], "cross")
    with pytest.raises(UsageError, match="Event weights"):
        gauss_newton_operator(outputs, params, data[0], weight=-np.ones(40))
    with pytest.raises(UsageError, match="does not fit"):
        from_vector(params, np.ones(3))
    with pytest.raises(UsageError, match="cannot be multiplied by a matrix"):
        hessian_operator(loss, params, data)(np.ones(3))
    with pytest.raises(UsageError, match="too many"):
        dense_hessian(lambda w: jnp.sum(w**2), np.zeros(3001))
    with pytest.raises(UsageError, match="not symmetric"):
        as_operator([[0.0, 1.0], [0.0, 0.0]])
    with pytest.raises(UsageError, match="not finite"):
        exact_spectrum([[np.nan]])


def test_many_rows_in_float32():
    """jaxlib 0.10.2 on a CPU sums batched products with unbatched ones wrongly from some 4,096 rows on."""
    generator = np.random.default_rng(0)
    x = generator.standard_normal((300, 16)).astype(np.float32)
    w = generator.standard_normal((16, 10)).astype(np.float32) / np.float32(4)

    def outputs(w, x):
        return x @ w

    p = np.asarray(jax.nn.softmax(x.astype(np.float64) @ w.astype(np.float64)))
    middle = p[:, :, None] * (np.eye(10)[None] - p[:, None, :])
    blocks = np.einsum("nd,nkl,ne->dkel", x, middle, x, optimize=True) / 300
    expected = blocks.reshape(160, 160)
    np.testing.assert_allclose(dense_gauss_newton(outputs, w, x), expected, atol=1e-6)
    product = gauss_newton_operator(outputs, w, x)
    np.testing.assert_allclose(product.block(np.eye(160)), expected, atol=1e-6)


def test_a_curvature_that_is_not_symmetric_is_refused():
    """A false hand-written gradient (half of it missing) makes a Jacobian that is no Hessian."""

    @jax.custom_vjp
    def energy(w):
        return w[0] * w[1] ** 2

    energy.defvjp(lambda w: (w[0] * w[1] ** 2, w), lambda w, d: (d * jnp.stack([w[1] ** 2, w[0] * w[1]]),))
    with pytest.raises(UsageError, match="transpose"):
        dense_hessian(energy, np.array([1.0, 2.0]))
    with pytest.raises(UsageError, match="transpose"):
        hessian_operator(energy, np.array([1.0, 2.0])).block(np.eye(2))
