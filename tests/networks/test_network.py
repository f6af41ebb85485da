"""Networks of every structure: the whole against NumPy, parameters, one program for members, descriptions."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine.errors import UsageError
from ravine.networks import ACTIVATIONS, Network, activation, read_network
from ravine.networks.linear import linear


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


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


TEXTS = [
    "linear",
    "6-5",
    "6-6 residual",
    "7-5-5 scaled-residual batchnorm",
    "5-5 highway layernorm dropout=0.3",
    "6-4 dense batchnorm dropout=0.2",
    "6 batchnorm slope=0.2",
    "conv=3-4",
    "5 conv=3-4 residual batchnorm dropout=0.4",
    "conv=2-2 highway layernorm",
]


ALL = pytest.mark.parametrize("text", TEXTS)
IMAGE = (4, 3, 2)
NUMBERS = {"dropout": [0.0, 0.3, 0.7], "slope": [0.01, 0.5, 1.5]}  # of three members


def network_of(text):
    return read_network(text).build(24, 3, "leaky_relu" if "slope" in text else "tanh", IMAGE)


def first(network, seed=0, dtype="float64"):
    """First parameters with biases, scales and shifts moved from where they start, so that they matter."""
    rng = np.random.default_rng(seed)
    params = network.init(rng, dtype=dtype)
    return jax.tree.map(lambda a: a + (0.1 * rng.standard_normal(a.shape)).astype(dtype), params)


def sgd(network):
    """All steps of one run: (parameters, statistics, losses, outputs in inference)."""

    def run(params, stats, numbers, key, batches):
        def step(carry, batch):
            params, stats, t = carry

            def loss(params):
                outputs, moved = network.apply_training(
                    params, batch, stats, numbers, jax.random.fold_in(key, t)
                )
                return jnp.mean(outputs**2), moved

            (value, stats), gradient = jax.value_and_grad(loss, has_aux=True)(params)
            params = jax.tree.map(lambda w, g: w - 0.002 * g, params, gradient)
            return (params, stats, t + 1), value

        (params, stats, _), losses = jax.lax.scan(step, (params, stats, jnp.int32(0)), batches)
        return params, stats, losses, network.apply(params, batches[0], stats, numbers)

    return jax.jit(run)


@ALL
def test_parameters_and_layers_count_what_init_makes(text):
    network = network_of(text)
    made = sum(a.size for a in jax.tree.leaves(network.init(np.random.default_rng(0))))
    rows = network.layers()
    assert network.parameters == made == sum(count for _, _, count in rows)
    assert rows[0][1] == (IMAGE if "conv" in text else (24,)) and rows[-1][1] == (3,)


@ALL
def test_layers_tell_the_shapes_there_are(text):
    """Each layer's shape is that of the activations at that depth, seen by cutting the network there."""
    network = network_of(text)
    params, seen = first(network), []

    def normalise(k, layer, z):
        return z

    def drop(k, h):
        seen.append(h.shape[1:])
        return h

    jax.eval_shape(lambda x: network._outputs(params, x, {"slope": 0.1}, normalise, drop), drawn(2, 24))
    shapes = [shape for _, shape, _ in network.layers()[1:-1]]
    if network.connection == "dense":  # next to the new units, what entered
        assert shapes == [(24 + 6,), (24 + 6 + 4,)] and seen == [(6,), (4,)]
    else:
        assert shapes == seen


@pytest.mark.parametrize(
    "text", [pytest.param(text, marks=pytest.mark.slow if "conv" in text else ()) for text in TEXTS]
)
def test_members_with_numbers_of_their_own_are_single_runs(text):
    """One program for members that differ in parameters, statistics, dropout rate, slope and key."""
    network = network_of(text)
    members = [first(network, seed) for seed in range(3)]
    starts = [network.statistics("float64")] * 3
    numbers = {name: jnp.asarray(NUMBERS[name]) for name in network.hyper_names}
    keys = jax.random.split(jax.random.key(5), 3)
    batches = jnp.asarray(drawn(5, 6, 24))

    def stack(trees):
        return jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)

    run = sgd(network)
    together = jax.vmap(run, in_axes=(0, 0, 0, 0, None))(
        stack(members), stack(starts), numbers, keys, batches
    )
    for k in range(3):
        own = {name: value[k] for name, value in numbers.items()}
        alone = run(members[k], starts[k], own, keys[k], batches)
        jax.tree.map(
            lambda a, b, k=k: np.testing.assert_allclose(a[k], b, rtol=1e-9, atol=1e-11), together, alone
        )
    assert np.all(np.isfinite(together[2]))
    moved = jax.tree.map(lambda a, b: bool(np.any(np.asarray(a) != b)), together[0], stack(members))
    assert all(jax.tree.leaves(moved))  # every array learns


@ALL
def test_float32_stays_float32(text):
    network = network_of(text)
    numbers = {name: jnp.float32(0.1) for name in network.hyper_names}
    params, stats = first(network, dtype="float32"), network.statistics("float32")

    def both(x):
        outputs, moved = network.apply_training(params, x, stats, numbers, jax.random.key(0))
        return outputs, moved, network.apply(params, x, moved, numbers)

    found = jax.eval_shape(both, np.ones((4, 24), "float32"))
    assert {a.dtype for a in jax.tree.leaves(found)} == {np.dtype("float32")}


@ALL
def test_no_rows_give_no_outputs(text):
    network = network_of(text)
    params, stats = first(network), network.statistics("float64")
    numbers = {name: 0.1 for name in network.hyper_names}
    outputs = jax.jit(lambda x: network.apply(params, x, stats, numbers))(jnp.zeros((0, 24)))
    assert outputs.shape == (0, 3)


@ALL
def test_a_row_with_a_hole_spoils_no_other_in_inference(text):
    network = network_of(text)
    params, stats = first(network), network.statistics("float64")
    numbers = {name: 0.1 for name in network.hyper_names}
    apply = jax.jit(lambda x: network.apply(params, x, stats, numbers))
    x = drawn(3, 24)
    spoiled = x.copy()
    spoiled[1, 7] = np.nan
    found = np.asarray(apply(jnp.asarray(spoiled)))
    assert np.all(np.isnan(found[1]))
    np.testing.assert_array_equal(found[[0, 2]], np.asarray(apply(jnp.asarray(x)))[[0, 2]])


@ALL
def test_penalties_are_for_weights_only(text):
    network = network_of(text)
    params = network.init(np.random.default_rng(0))
    chosen = network.decay_mask(params)
    assert jax.tree.structure(chosen) == jax.tree.structure(params)
    for is_weight, array in zip(jax.tree.leaves(chosen), jax.tree.leaves(params), strict=True):
        assert is_weight == (array.ndim > 1)  # biases, scales and shifts are vectors


@ALL
def test_descriptions_lead_back(text):
    network = network_of(text)
    again = Network.from_description(json.loads(json.dumps(network.describe())))
    assert again == network and hash(again) == hash(network)


def test_a_plain_network_is_described_as_ever():
    """Saved models and the identities of runs are made of this."""
    assert Network((2, 8, 3), "elu").describe() == {"sizes": [2, 8, 3], "activation": "elu"}
    assert [list(layer) for layer in Network((2, 8, 3)).init(np.random.default_rng(0))] == [
        ["weight", "bias"], ["weight", "bias"],
    ]  # fmt: skip


@pytest.mark.parametrize("sizes", [(5, 7, 40, 3), (5, 3)])
def test_a_plain_network_is_the_program_of_sums_and_nonlinearities(sizes):
    """What a network could have costs one that has it not nothing: the lowered programs are one text."""
    network = Network(sizes, "elu")
    params = network.init(np.random.default_rng(0), dtype="float64")

    def plain(params, x):
        f = activation("elu")
        for layer in params[:-1]:
            x = f(linear(layer, x))
        return linear(params[-1], x)

    def lowered(function):
        def loss(params, x):
            return jnp.sum(function(params, x) ** 2)

        return jax.jit(jax.value_and_grad(loss)).lower(params, jnp.asarray(drawn(4, 5))).as_text()

    assert lowered(network.apply) == lowered(plain)
    assert lowered(lambda params, x: network.apply_training(params, x)[0]) == lowered(plain)


def test_flops_of_a_convolution_with_a_projection():
    """Two a multiply-add; the layers that see data want no gradient of it."""
    network = read_network("conv=8-16 residual").build(64, 10, "relu", (8, 8, 1))
    first = 64 * (9 * 8 + 8)
    second = 16 * (72 * 16 + 8 * 16)
    assert network.flops == 2 * (2 * first + 3 * second + 3 * 256 * 10)


@pytest.mark.parametrize(
    "text, given, says",
    [
        ("6 batchnorm", {}, "1 running statistics, and 0"),
        ("6", {"stats": ({},)}, "0 running statistics, and 1"),
        ("6 dropout=0.1", {}, "value of the hyperparameter 'dropout'"),
        ("6 dropout=0.1", {"hyper": {"dropout": 0.1}}, "needs a random key"),
        ("6 slope=0.1", {"hyper": {"dropout": 0.1}}, "value of the hyperparameter 'slope'"),
    ],
)
def test_what_is_not_given_is_missed(text, given, says):
    network = network_of(text)
    with pytest.raises(UsageError, match=says):
        network.apply_training(first(network), jnp.ones((4, 24)), **given)
