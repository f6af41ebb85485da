"""Connections: formulas by NumPy, limits, what they do to gradients; a whole network against torch."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine.networks import Network, read_network


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def made(text, inputs=5, outputs=2, seed=0, activation="tanh", **options):
    network = read_network(text).build(inputs, outputs, activation)
    rng = np.random.default_rng(seed)
    params = network.init(rng, dtype="float64", **options)
    for layer in params:
        layer["bias"] = rng.standard_normal(layer["bias"].shape)
    return network, params


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def joined(connection, layer, x, h, depth):
    carried = x @ layer["projection"]["weight"] if "projection" in layer else x
    if connection == "highway":
        gate = sigmoid(x @ layer["gate"]["weight"] + layer["gate"]["bias"])
        return gate * h + (1 - gate) * carried
    if connection == "dense":
        return np.concatenate([x, h], axis=1)
    return carried + h / (math.sqrt(depth) if connection == "scaled-residual" else 1)


@pytest.mark.parametrize("connection", ["residual", "scaled-residual", "highway", "dense"])
@pytest.mark.parametrize("widths", ["5", "7-7-4", "5-5-5"])
def test_outputs_are_the_formulas(connection, widths):
    network, params = made(f"{widths} {connection}")
    x = h = drawn(6, 5)
    for layer in params[:-1]:
        new = np.tanh(h @ layer["weight"] + layer["bias"])
        h = joined(connection, layer, h, new, len(params) - 1)
    expected = h @ params[-1]["weight"] + params[-1]["bias"]
    found = network.apply(jax.tree.map(jnp.asarray, params), jnp.asarray(x))
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_projections_stand_where_the_shape_changes():
    _, params = made("7-7-4 residual")
    assert ["projection" in layer for layer in params] == [True, False, True, False]
    assert all(list(layer["projection"]) == ["weight"] for layer in params if "projection" in layer)


@pytest.mark.parametrize("bias, other", [(60.0, "5-5"), (-60.0, "linear")])
def test_a_highway_open_is_plain_and_closed_carries(bias, other):
    network, params = made("5-5 highway", gate_bias=bias)
    simple = read_network(other).build(5, 2, "tanh")
    params = jax.tree.map(jnp.asarray, params)
    own = [{name: layer[name] for name in ("weight", "bias")} for layer in params]
    x = jnp.asarray(drawn(6, 5))
    expected = simple.apply(own if other == "5-5" else own[-1:], x)
    np.testing.assert_allclose(network.apply(params, x), expected, rtol=1e-12, atol=1e-12)


def test_a_residual_network_of_zero_weights_is_the_identity_up_to_its_output():
    network, params = made("5-5-5 residual", activation="relu")
    params = jax.tree.map(jnp.asarray, params)
    silent = [jax.tree.map(jnp.zeros_like, layer) for layer in params[:-1]]
    x = jnp.asarray(drawn(6, 5))
    expected = x @ params[-1]["weight"] + params[-1]["bias"][None, :]
    np.testing.assert_allclose(network.apply([*silent, params[-1]], x), expected, rtol=1e-14)


DEPTH = 20


def gradient_factor(connection, width, activation="relu", scheme="he"):
    """Root mean square of |gradient of the inputs| / |gradient before the outputs|, over eight draws.

    The weights of the output have mean 0: a mean of the gradient meets that of the activations, which are
    positive, and grows faster than the rest, so that a network of finite width would be far from theory.
    """
    network = Network((width,) * (DEPTH + 1) + (1,), activation, connection)

    @jax.jit
    def square(params, x):
        gradient = jax.grad(lambda x: jnp.sum(network.apply(params, x)))(x)
        return jnp.sum(gradient**2) / (jnp.sum(params[-1]["weight"] ** 2) * x.shape[0])

    found = []
    for k in range(8):
        params = network.init(np.random.default_rng(k), scheme, dtype="float64")
        params[-1]["weight"] -= params[-1]["weight"].mean()
        found.append(square(params, jnp.asarray(drawn(8, width, seed=k))))
    return float(np.sqrt(np.mean(found)))


def test_a_residual_path_keeps_gradients_alive():
    """Claim C1: each layer h + relu(W h) / sqrt(L) multiplies the squared gradient by 1 + 1 / L.

    That is the limit of width; at width n it is exceeded by about L / n, here 4 per cent, and eight draws
    have a standard error of 1.
    """
    theory = math.sqrt((1 + 1 / DEPTH) ** DEPTH)
    assert abs(gradient_factor("scaled-residual", 512) / theory - 1) < 0.06


def test_sigmoid_layers_pass_gradients_by_their_connections_only():
    """Claims C1, C2. Plain: a layer passes at most |W|_2 / 4, so nothing is left after twenty."""
    plain = gradient_factor("plain", 48, "sigmoid", "lecun")
    assert plain < 1e-10
    for connection in ("residual", "highway", "dense"):
        assert 0.01 < gradient_factor(connection, 48, "sigmoid", "lecun") < 100


@pytest.mark.slow
def test_a_convolutional_network_learns_as_torchs_does():
    """Two convolutions and a hidden layer with batch norm, outputs: four steps of SGD, then inference."""
    torch = pytest.importorskip("torch")
    network = read_network("5 conv=3-4 batchnorm").build(7 * 6 * 2, 3, "relu", (7, 6, 2))
    params = network.init(np.random.default_rng(0), dtype="float64")
    stats = network.statistics("float64")

    layers = [
        torch.nn.Conv2d(2, 3, 3, 1, 1, bias=False),
        torch.nn.BatchNorm2d(3),
        torch.nn.Conv2d(3, 4, 3, 2, 1, bias=False),
        torch.nn.BatchNorm2d(4),
        torch.nn.Linear(48, 5, bias=False),
        torch.nn.BatchNorm1d(5),
        torch.nn.Linear(5, 3),
    ]
    model = torch.nn.ModuleList(layers).double()
    with torch.no_grad():
        for layer, like in zip(params, layers[::2], strict=True):
            weight = layer["weight"]
            weight = weight.transpose(3, 2, 0, 1) if weight.ndim == 4 else weight.T
            like.weight.copy_(torch.tensor(np.ascontiguousarray(weight)))
        layers[-1].bias.zero_()

    def theirs(x):
        h = torch.tensor(x.reshape(-1, 7, 6, 2).transpose(0, 3, 1, 2).copy())
        for k in (0, 2, 4):
            h = h.permute(0, 2, 3, 1).flatten(1) if k == 4 else h  # places before channels, as ours
            h = torch.relu(layers[k + 1](layers[k](h)))
        return layers[6](h)

    @jax.jit
    def step(params, stats, x, y):
        def loss(params):
            outputs, moved = network.apply_training(params, x, stats)
            return jnp.mean((outputs - y) ** 2), moved

        (value, stats), gradient = jax.value_and_grad(loss, has_aux=True)(params)
        return jax.tree.map(lambda w, g: w - 0.1 * g, params, gradient), stats, value

    descent = torch.optim.SGD(model.parameters(), lr=0.1)
    for t in range(4):
        x, y = drawn(6, 84, seed=t), drawn(6, 3, seed=50 + t)
        params, stats, value = step(params, stats, jnp.asarray(x), jnp.asarray(y))
        descent.zero_grad()
        error = torch.mean((theirs(x) - torch.tensor(y)) ** 2)
        error.backward()
        descent.step()
        assert float(value) == pytest.approx(float(error.detach()), rel=1e-9)
    model.eval()
    with torch.no_grad():
        expected = theirs(drawn(3, 84, seed=9)).numpy()
    found = network.apply(params, jnp.asarray(drawn(3, 84, seed=9)), stats)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("text", ["5-4 dropout=0.3", "5-4 residual layernorm dropout=0.3"])
def test_inference_drops_nothing_and_rate_zero_is_inference(text):
    network, params = made(text)
    params, x = jax.tree.map(jnp.asarray, params), jnp.asarray(drawn(6, 5))
    given = network.apply(params, x)
    for rate, same in ((0.0, True), (0.5, False)):
        outputs, _ = network.apply_training(params, x, (), {"dropout": jnp.asarray(rate)}, jax.random.key(0))
        assert np.allclose(outputs, given, rtol=1e-13, atol=0) == same


def test_layers_drop_units_of_their_own():
    """Two layers of one width must not drop by the same mask."""
    network = Network((6, 6, 6, 6), "relu", dropout=True)
    eye = {"weight": jnp.eye(6), "bias": jnp.zeros(6)}
    outputs, _ = network.apply_training(
        [eye] * 3, jnp.ones((2000, 6)), (), {"dropout": jnp.asarray(0.5)}, jax.random.key(0)
    )
    share = float(jnp.mean(outputs != 0))
    assert abs(share - 0.25) <= 4.5 * math.sqrt(0.25 * 0.75 / 12_000)


def test_a_slope_of_one_makes_a_network_linear():
    network, params = made("5-5 slope=1", activation="leaky_relu")
    params, x = jax.tree.map(jnp.asarray, params), jnp.asarray(drawn(6, 5))

    def outputs(x, slope):
        return network.apply(params, x, (), {"slope": jnp.asarray(slope)})

    middle = (outputs(x, 1.0) + outputs(-x, 1.0)) / 2
    np.testing.assert_allclose(middle, outputs(0 * x, 1.0), rtol=1e-12, atol=1e-12)
    usual = Network(network.sizes, "leaky_relu").apply(params, x)
    np.testing.assert_array_equal(outputs(x, 0.01), usual)
    assert not np.allclose(outputs(x, 0.5), usual)
