"""Networks of a user's file: the functions are used as they are, and mistakes are named with their line."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine.errors import DataError, UsageError
from ravine.networks import AnyNetwork, Network, layered
from ravine.networks.file_network import FileNetwork
from ravine.user_code import load, trust
from ravine.user_code.code_text import CodeText
from ravine.user_code.load import file_hash

HEAD = "import jax, jax.numpy as jnp\n"
CODE = HEAD + '''
class Net:
    def init(key, inputs, outputs):
        return {"w": jax.random.normal(key, (inputs, outputs)), "b": [jnp.ones(outputs)]}
    def apply(params, x):
        return x @ params["w"] + params["b"][0]

class Noisy(Net):
    def apply(params, x, key=None, training=False):
        shift = jax.random.normal(key, ()) if training else 0.0
        return Net.apply(params, x) + shift
'''  # fmt: skip


@pytest.fixture
def network(tmp_path, own_folder):
    """Return a function that loads `x.py:Net` for a content of the file, for 3 inputs and 2 outputs."""

    def loaded(content=CODE, name="Net"):
        (tmp_path / "x.py").write_text(content)
        trust.trust(*file_hash("x.py"))
        return FileNetwork.load(CodeText("x.py", name), 3, 2)

    return loaded


def test_outputs_and_parameters_are_those_of_the_functions(network):
    net = network()
    params = net.init(np.random.default_rng(0))
    x = np.arange(12, dtype=np.float32).reshape(4, 3)
    np.testing.assert_allclose(net.apply(params, x), x @ params["w"] + 1, rtol=1e-6)
    assert (net.parameters, net.sizes, net.random, net.mixes_rows) == (8, (3, 2), False, False)
    assert net.decay_mask(params) == {"w": True, "b": [False]}
    again = net.init(np.random.default_rng(0))
    assert (again["w"] == params["w"]).all() and (
        net.init(np.random.default_rng(1))["w"] != params["w"]
    ).any()


def test_scale_and_type_of_initial_parameters(network):
    net = network()
    once, twice = (net.init(np.random.default_rng(0), scale=scale) for scale in (1.0, 2.0))
    np.testing.assert_array_equal(twice["w"], 2 * once["w"])
    assert {leaf.dtype for leaf in jax.tree.leaves(net.init(np.random.default_rng(0), dtype="float64"))} == {
        np.dtype("float64")
    }


def test_random_numbers_come_from_the_key_in_training_alone(network):
    net = network(name="Noisy")
    assert net.random
    params, x = net.init(np.random.default_rng(0)), jnp.zeros((1, 3))
    np.testing.assert_array_equal(net.apply(params, x), 1)
    np.testing.assert_array_equal(net.apply_to_all(params, x), 1)
    one, same, other = (
        net.apply_training(params, x, key=jnp.array([0, k], jnp.uint32))[0] for k in (1, 1, 2)
    )
    assert (one == same).all() and (one != other).all()


def test_equal_files_give_equal_networks(network, monkeypatch):
    first = network()
    assert first == network() and hash(first) == hash(network())
    assert first != network(CODE + "# changed\n")
    monkeypatch.setattr(load, "_modules", {})  # as in a new process
    with pytest.raises(DataError, match="has changed"):
        FileNetwork(first.path, first.name, first.code, first.sizes).init(np.random.default_rng(0))


def test_a_network_needs_trust(network, monkeypatch):
    first = network()
    monkeypatch.setattr(trust, "_trusted", set())
    monkeypatch.setattr(load, "_modules", {})
    monkeypatch.setenv("RAVINE_CACHE", str(trust._folder().parent / "other"))
    with pytest.raises(UsageError, match="not run on this machine before"):
        FileNetwork(first.path, first.name, first.code, first.sizes).init(np.random.default_rng(0))


def test_descriptions(network):
    net = network()
    assert str(net) == "x.py:Net"
    assert net.describe()["network_code"] == net.code == file_hash("x.py")[1]
    assert net.layers() == [("input", (3,), 0), ("x.py:Net", (2,), 8)]
    assert FileNetwork(**{**net.fields(), "sizes": net.sizes}) == net
    protocol = {name for name in vars(AnyNetwork) if not name.startswith("_")}
    for kind in (FileNetwork, Network):
        assert all(hasattr(kind, name) or name == "sizes" for name in protocol), kind


def test_parameters_are_known_while_a_program_is_traced(network):
    net = network()
    fresh = FileNetwork(net.path, net.name, net.code, net.sizes)
    assert jax.jit(lambda x: x + fresh.parameters)(0) == 8


def test_layers_are_refused_in_one_sentence(network):
    plain = Network((3, 2))
    assert layered(plain, "A measurement") is plain
    with pytest.raises(UsageError, match="A measurement needs the layers"):
        layered(network(), "A measurement")


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (HEAD + "Net = 3\n", "has no function init"),
        (HEAD + "class Net:\n    def init(key, i, o): return {}\n", "has no function apply"),
        (CODE.replace('return {"w"', 'return {}\n        return {"w"'), "no arrays of floating-point"),
        (CODE.replace("jnp.ones(outputs)", "jnp.arange(outputs)"), "no arrays of floating-point"),
        (CODE.replace('x @ params["w"] +', "x +", 1), r"fails in line 7 .*shapes"),
        (CODE.replace('return x @ params["w"] + params["b"][0]', "return jnp.zeros(5)"), r"shape \(5,\)"),
        (CODE.replace("return x @", "return (x - x.mean(0)) @", 1), "other outputs for a row"),
        (
            CODE.replace("return x @", "return jnp.linalg.qr(x.T @ x)[0][0, 0] * x @", 1),
            "decomposes",
        ),
        (CODE.replace('return x @ params["w"] + params["b"][0]', "return 1 / 0"), "line 7 .*ZeroDivision"),
        (CODE.replace("def init(key, inputs, outputs)", "def init(key)"), "TypeError"),
    ],
)
def test_errors(network, content, match):
    with pytest.raises(UsageError, match=match):
        network(content)
