"""Networks: dense layers and their hand-written gradient, the whole against NumPy, what `--net` may say."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from ravine.networks import ACTIVATIONS, Network
from ravine.networks.linear import linear


def drawn(*shape, seed=0):
    return jnp.asarray(np.random.default_rng(seed).standard_normal(shape))


WIDTHS = pytest.mark.parametrize("fan_out", [1, 10, 40])


@WIDTHS
@pytest.mark.parametrize("rows", [1, 7])
def test_gradient_of_linear_is_plain_autodiff(fan_out, rows):
    layer = {"weight": drawn(5, fan_out), "bias": drawn(fan_out, seed=1)}
    x, dy = drawn(rows, 5, seed=2), drawn(rows, fan_out, seed=3)

    def plain(layer, x):
        return x @ layer["weight"] + layer["bias"][None, :]

    value, back = jax.vjp(linear, layer, x)
    expected, plain_back = jax.vjp(plain, layer, x)
    np.testing.assert_array_equal(value, expected)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-13), back(dy), plain_back(dy))


@WIDTHS
def test_gradient_of_linear_is_the_finite_difference(fan_out):
    layer = {"weight": drawn(4, fan_out), "bias": drawn(fan_out, seed=1)}
    check_grads(linear, (layer, drawn(3, 4, seed=2)), order=1, modes=["rev"], atol=1e-7, rtol=1e-7)


@WIDTHS
def test_gradient_of_linear_under_vmap_is_member_by_member(fan_out):
    weights, x = drawn(3, 4, fan_out), drawn(3, 6, 4, seed=1)

    def loss(weight, x):
        return jnp.sum(jnp.sin(linear({"weight": weight, "bias": jnp.zeros(fan_out)}, x)))

    together = jax.vmap(jax.grad(loss, argnums=(0, 1)))(weights, x)
    alone = [jax.grad(loss, argnums=(0, 1))(w, each) for w, each in zip(weights, x, strict=True)]
    for k in range(2):
        np.testing.assert_allclose(
            together[k], jnp.stack([each[k] for each in alone]), rtol=1e-12, atol=1e-14
        )


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("hidden", [(), (7,), (7, 40, 3)])
def test_apply_is_sums_and_nonlinearities_in_turn(name, hidden):
    network = Network((5, *hidden, 2), name)
    params = network.init(np.random.default_rng(0), dtype="float64")
    rng = np.random.default_rng(1)
    for layer in params:
        layer["bias"] = rng.standard_normal(layer["bias"].shape)
    x = rng.standard_normal((6, 5))

    h = x
    for layer in params[:-1]:
        h = np.asarray(ACTIVATIONS[name](jnp.asarray(h @ layer["weight"] + layer["bias"])))
    expected = h @ params[-1]["weight"] + params[-1]["bias"]
    np.testing.assert_allclose(network.apply(jax.tree.map(jnp.asarray, params), jnp.asarray(x)), expected)


def test_zero_weights_keep_hidden_columns_identical_for_ever():
    """Claim A3: units that start alike stay alike, exactly."""
    network = Network((3, 4, 1), "tanh")
    params = jax.tree.map(lambda a: jnp.full(a.shape, 0.3), network.init(np.random.default_rng(0)))
    x, y = drawn(8, 3), drawn(8, seed=1)

    def loss(params):
        return jnp.mean((network.apply(params, x)[:, 0] - y) ** 2)

    first = params
    for _ in range(20):
        params = jax.tree.map(lambda w, g: w - 0.1 * g, params, jax.grad(loss)(params))
    weight = np.asarray(params[0]["weight"])
    assert not np.array_equal(weight, first[0]["weight"])
    assert np.ptp(weight, axis=1).max() == 0


@pytest.mark.parametrize("sizes", [(64, 64, 64, 10), (3, 1), (2, 5, 2)])
def test_parameters_counts_what_init_makes(sizes):
    network = Network(sizes)
    assert network.parameters == sum(a.size for a in jax.tree.leaves(network.init(np.random.default_rng(0))))


def test_flops_of_a_step():
    """Two operations a multiply-add: 3 products a layer, less the input gradient of the first."""
    assert Network((64, 64, 10)).flops == 2 * (2 * 64 * 64 + 3 * 64 * 10)


def test_networks_are_structure():
    assert hash(Network((2, 3))) == hash(Network((2, 3)))
    assert Network((2, 3), "tanh") != Network((2, 3), "relu")
    assert str(Network((2, 8, 3), "elu")) == "2-8-3 elu"
