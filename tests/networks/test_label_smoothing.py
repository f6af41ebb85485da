import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ravine.networks.label_smoothing import smoothed_cross_entropy
from ravine.networks.loss_functions import cross_entropy


@pytest.fixture
def rows():
    random = np.random.default_rng(0)
    return jnp.asarray(3 * random.normal(size=(50, 4))), jnp.asarray(random.integers(0, 4, 50))


@pytest.mark.parametrize("amount", [0.0, 0.1, 0.5, 1.0])
def test_equals_torch_and_optax(amount, rows):
    torch = pytest.importorskip("torch")
    outputs, target = rows
    ours = smoothed_cross_entropy(outputs, target, amount)
    peer = torch.nn.functional.cross_entropy(
        torch.tensor(np.asarray(outputs)),
        torch.tensor(np.asarray(target)),
        reduction="none",
        label_smoothing=amount,
    )
    np.testing.assert_allclose(ours, peer.numpy(), rtol=1e-12)
    labels = optax.smooth_labels(jax.nn.one_hot(target, 4), amount)
    np.testing.assert_allclose(ours, optax.softmax_cross_entropy(outputs, labels), rtol=1e-12)


def test_without_smoothing_it_is_the_cross_entropy(rows):
    np.testing.assert_array_equal(smoothed_cross_entropy(*rows, 0.0), cross_entropy(*rows))


def test_the_best_outputs_have_the_smoothed_probabilities():
    """The softmax at its minimum: 1 - a + a / K for the class, a / K for the others."""
    a, target = 0.2, jnp.array([2])
    goal = jnp.where(jnp.arange(4) == 2, 1 - a + a / 4, a / 4)
    gradient = jax.grad(lambda z: smoothed_cross_entropy(z, target, a).sum())
    np.testing.assert_allclose(gradient(jnp.log(goal)[None, :]), jnp.zeros((1, 4)), atol=1e-15)


def test_the_amount_is_data(rows):
    traced = []

    def mean(amount):
        traced.append(1)
        return smoothed_cross_entropy(*rows, amount).mean()

    amounts = jnp.array([0.0, 0.1, 0.3])
    together = jax.jit(jax.vmap(mean))(amounts)
    assert len(traced) == 1
    np.testing.assert_allclose(together, [mean(float(a)) for a in amounts], rtol=1e-12)


def test_large_outputs_in_float32():
    outputs, target = jnp.array([[1e4, -1e4]], jnp.float32), jnp.array([0])
    np.testing.assert_allclose(smoothed_cross_entropy(outputs, target, 0.5), [0.5 * 1e4], rtol=1e-6)
