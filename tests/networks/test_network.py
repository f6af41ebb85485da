"""Networks: the whole against NumPy, parameters, operations."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine.networks import ACTIVATIONS, Network


def drawn(*shape, seed=0):
    return jnp.asarray(np.random.default_rng(seed).standard_normal(shape))


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
