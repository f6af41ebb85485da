"""What `--net` may say, that it comes back as it was said, and what is told to who says something else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.errors import UsageError
from ravine.networks import CONNECTIONS, NetworkSpec, read_network

CANONICAL = [
    "linear",
    "64-64",
    "64-64 residual batchnorm dropout=0.2",
    "32 highway gate=-2.5",
    "conv=8-16",
    "10 conv=8-16 scaled-residual layernorm dropout=0.5 slope=0.01",
    "8-8-8 dense",
]


@pytest.mark.parametrize("text", CANONICAL)
def test_text_comes_back(text):
    assert str(read_network(text)) == text


@st.composite
def specs(draw):
    """Every network that can be said."""
    hidden = tuple(draw(st.lists(st.integers(1, 100_000), max_size=4)))
    conv = tuple(draw(st.lists(st.integers(1, 512), max_size=3)))
    if not hidden and not conv:
        return NetworkSpec(())
    connection = draw(st.sampled_from([each for each in CONNECTIONS if not (conv and each == "dense")]))
    numbers = {}
    if draw(st.booleans()):
        numbers["dropout"] = draw(st.floats(0, 1, exclude_max=True))
    if connection == "highway" and draw(st.booleans()):
        numbers["gate_bias"] = draw(st.floats(allow_nan=False, allow_infinity=False))
    if draw(st.booleans()):
        numbers["slope"] = draw(st.floats(-10, 10))
    norm = draw(st.sampled_from(["none", "batchnorm", "layernorm"]))
    return NetworkSpec(hidden, connection, norm, conv, numbers)


@given(specs())
def test_whatever_can_be_said_is_read_back(spec):
    assert read_network(str(spec)) == spec


@given(specs(), st.randoms())
def test_words_may_come_in_any_order(spec, random):
    words = str(spec).split()
    random.shuffle(words)
    assert read_network("  ".join(words).upper()) == spec


@pytest.mark.parametrize(
    "text, same",
    [
        ("64,64 Residual", "64-64 residual"),
        ("64 x 32 batch-norm", "64-32 batchnorm"),
        ("16 8 layer_norm dropout = .25", "16-8 layernorm dropout=0.25"),
        ("0", "linear"),
        ("linear conv=4", "conv=4"),
        ("8 plain", "8"),
        ("8 scaled_residual", "8 scaled-residual"),
    ],
)
def test_writings_of_one_network(text, same):
    assert str(read_network(text)) == same


@pytest.mark.parametrize(
    "text, widths",
    [("64-64", (64, 64)), ("64,32", (64, 32)), ("50", (50,)), (" 8 x 4 ", (8, 4)), ("16 8", (16, 8))]
    + [(word, ()) for word in ("linear", "0", "none", "Linear")],
)
def test_sizes_alone(text, widths):
    assert read_network(text) == NetworkSpec(widths)


@given(st.lists(st.integers(1, 100_000), min_size=1, max_size=20), st.sampled_from("-,x "))
def test_sizes_are_read_as_they_were_joined(widths, joint):
    assert read_network(joint.join(map(str, widths))).hidden == tuple(widths)


@pytest.mark.parametrize(
    "text",
    ["", "-", "64-", "-64", "64--64", "64.5", "64-0", "1000001", "1e3", "64;64", "-".join(["1"] * 1001)],
)
def test_other_sizes_are_refused(text):
    with pytest.raises(UsageError, match="net='64-64'"):
        read_network(text)


@pytest.mark.parametrize(
    "text, says",
    [
        ("64-64 residul", "unknown word 'residul'.*Did you mean 'residual'"),
        ("64-64 batchnrom", "Did you mean 'batchnorm'"),
        ("64-64 dropot=0.2", "Did you mean 'dropout=0.2'"),
        ("64-64 dropout", "Did you mean 'dropout=0.2'"),
        ("64-64 highwya", "Did you mean 'highway'"),
        ("64-64 =", "net='64-64'"),
        ("64-64 residual=2", "unknown word"),
        ("residual", "'residual' is not a network"),
        ("", "not a network"),
        ("64- residual", "not a network"),
        ("64-64 dropout=", "needs a number.*dropout=0.2"),
        ("64-64 dropout=nan", "needs a number"),
        ("64-64 dropout=20%", "needs a number"),
        ("64-64 highway gate=inf", "needs a number.*gate=-2"),
        ("64-64 dropout=1", "rate of 1 is not allowed"),
        ("64-64 dropout=-0.1", "rate of -0.1 is not allowed"),
        ("64-64 residual highway", "gives 'connection' twice"),
        ("64-64 dropout=0.1 dropout=0.2", "gives 'dropout' twice"),
        ("64-64 batchnorm layernorm", "gives 'norm' twice"),
        ("64-64 gate=-2", "Only highway connections have a gate"),
        ("linear residual", "no hidden layer"),
        ("linear dropout=0.5", "no hidden layer"),
        ("8 conv=4 dense", "only images of one size"),
        ("8 conv=", "not a network"),
        ("8 conv=0", "cannot be built"),
        ("8 conv=4.5", "not a network"),
        ("8 conv=1000000", "cannot be built"),
        ("1000000 residual", "cannot be built"),
        ("64-64 ²", "not a network"),
    ],
)
def test_other_text_is_refused(text, says):
    with pytest.raises(UsageError, match=says):
        read_network(text)


def test_convolutions_need_an_image():
    spec = read_network("conv=8")
    with pytest.raises(UsageError, match=r"conv=8\) need images.*30 inputs"):
        spec.build(30, 2)
    assert spec.build(30, 2, image=(5, 3, 2)).image == (5, 3, 2)


def test_the_shape_of_images_is_nothing_to_other_networks():
    assert read_network("8").build(30, 2, image=(5, 3, 2)) == read_network("8").build(30, 2)


def test_numbers_are_no_structure():
    """Rates and biases vary within one program; whether there is dropout does not."""
    builds = [
        read_network(f"8 highway {words}").build(4, 2) for words in ("dropout=0", "dropout=0.9 gate=-5")
    ]
    assert builds[0] == builds[1] != read_network("8 highway").build(4, 2)
    assert read_network("8 highway dropout=0.9 gate=-5").hyper == {"dropout": 0.9, "gate_bias": -5.0}


def test_specs_may_be_keys():
    assert len({read_network(text) for text in ("8 dropout=.2", "8   dropout=0.2", "8")}) == 2


def test_the_deepest_network_is_built():
    network = read_network("-".join(["2"] * 1000) + " residual").build(2, 2)
    assert len(network.init(np.random.default_rng(0))) == 1001
