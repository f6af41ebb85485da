"""First weights: the numbers of the generator in order, and their variances."""

import jax
import numpy as np
import pytest

from ravine.networks import Network, read_network

IMAGE = (4, 3, 2)


def network_of(text):
    return read_network(text).build(24, 3, "leaky_relu" if "slope" in text else "tanh", IMAGE)


def first(network, seed=0, dtype="float64"):
    """First parameters with biases, scales and shifts moved from where they start, so that they matter."""
    rng = np.random.default_rng(seed)
    params = network.init(rng, dtype=dtype)
    return jax.tree.map(lambda a: a + (0.1 * rng.standard_normal(a.shape)).astype(dtype), params)


def test_first_weights_of_a_plain_network_are_the_generators_numbers_in_order():
    rng = np.random.default_rng(4)
    expected = [rng.standard_normal(shape) for shape in ((5, 7), (7, 3))]
    params = Network((5, 7, 3)).init(np.random.default_rng(4), "scaled", 0.5, "float64")
    for layer, normal in zip(params, expected, strict=True):
        np.testing.assert_array_equal(layer["weight"], 0.5 * normal)


@pytest.mark.parametrize("text", ["6-6 residual", "6-6 highway batchnorm", "6-6 layernorm dropout=0.1"])
def test_networks_that_differ_in_shortcuts_start_alike(text):
    plain, other = (network_of(each).init(np.random.default_rng(7)) for each in ("6-6", text))
    for one, two in zip(plain, other, strict=True):
        np.testing.assert_array_equal(one["weight"], two["weight"])


def test_first_variances_of_convolutions_gates_and_projections():
    """He: 2 / fan_in, with 9 C inputs for a 3x3 kernel and C for the 1x1 of a projection."""
    network = read_network("conv=64-64 highway").build(8 * 8 * 32, 3, "relu", (8, 8, 32))
    first, second, _ = network.init(np.random.default_rng(0), gate_bias=-3.5, dtype="float64")
    for weight, variance in (
        (first["weight"], 2 / (9 * 32)),
        (first["gate"]["weight"], 2 / (9 * 32)),
        (first["projection"]["weight"], 2 / 32),
        (second["weight"], 2 / (9 * 64)),
    ):
        assert abs(weight.var() / variance - 1) <= 4.5 * np.sqrt(2 / weight.size)
    assert np.all(first["gate"]["bias"] == -3.5) and not first["bias"].any()
