"""Losses of a user's file: the function is used as it is, and mistakes are named with their line."""

import jax.numpy as jnp
import numpy as np
import pytest

from ravine.errors import DataError, UsageError
from ravine.networks import LOSSES, find_loss, loss_named
from ravine.networks.file_loss import FileLoss
from ravine.user_code import load, trust
from ravine.user_code.load import file_hash

HEAD = "import jax, jax.numpy as jnp\n"
SQUARES = HEAD + "def f(outputs, target): return (outputs[:, 0] - target) ** 2\n"


@pytest.fixture
def name(tmp_path, own_folder):
    """Return a function from the content of a file to the name of its loss `f`."""

    def named(content=SQUARES, task="regress", outputs=1):
        (tmp_path / "x.py").write_text(content)
        trust.trust(*file_hash("x.py"))
        return loss_named("x.py:f", task, outputs)

    return named


def test_losses_are_those_of_the_function(name, tmp_path):
    found = find_loss(name())
    outputs, target = jnp.array([[1.0], [3.0]]), jnp.array([2.0, 2.5])
    np.testing.assert_allclose(found(outputs, target), [1, 0.25])
    assert str(found) == "x.py:f" and found.constant(1) == pytest.approx(LOSSES["squared_error"].constant(1))
    assert found.name == f"{tmp_path}/x.py:f@{file_hash('x.py')[1]}"
    assert find_loss(found.name) == found
    assert found.smallest_difference_at(1.0, 2.0) == pytest.approx(0.02)


def test_constant_loss_of_classes(name):
    entropy = "def f(outputs, target): return -jax.nn.log_softmax(outputs)[jnp.arange(len(target)), target]\n"
    found = find_loss(name(HEAD + entropy, "classify", 4))
    assert found.constant(4) == pytest.approx(LOSSES["cross_entropy"].constant(4), rel=1e-6)


def test_a_loss_for_two_classes(name):
    weighted = "def f(outputs, target): return jnp.sum(outputs * jnp.array([1.0, 3.0]), axis=1) * target\n"
    assert str(find_loss(name(HEAD + weighted, "classify", 2))) == "x.py:f"


def test_an_unknown_loss():
    with pytest.raises(UsageError, match="There is no loss 'typo'"):
        find_loss("typo")


def test_a_changed_file_is_another_loss(name, monkeypatch):
    first = name()
    assert first != name(SQUARES + "# changed\n")
    monkeypatch.setattr(load, "_modules", {})  # as in a new process
    with pytest.raises(DataError, match="has changed"):
        FileLoss.named(first)(jnp.zeros((2, 1)), jnp.zeros(2))


def test_names_of_the_registry():
    assert loss_named(None, "classify", 2) == "cross_entropy"
    assert loss_named("squared_error", "regress", 1) == "squared_error"
    assert find_loss("cross_entropy") is LOSSES["cross_entropy"]
    with pytest.raises(UsageError, match="does not fit the target"):
        loss_named("squared_error", "classify", 2)
    with pytest.raises(UsageError, match="Did you mean 'cross_entropy'"):
        loss_named("crossentropy", "classify", 2)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (HEAD + "f = 3\n", "is no function"),
        (HEAD + "def f(outputs, target): return jnp.mean(outputs)\n", r"shape \(\) for 5 rows"),
        (HEAD + "def f(outputs, target): return outputs - target\n", r"shape \(5, 5\) for 5 rows"),
        (HEAD + "def f(outputs):\n    return outputs\n", "TypeError"),
        (HEAD + "def f(outputs, target):\n    return 1 / 0\n", r"line 3 \(return 1 / 0\)"),
    ],
)
def test_errors(name, content, match):
    with pytest.raises(UsageError, match=match):
        name(content)
