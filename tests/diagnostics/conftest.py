"""Diagnostics are checked in float64, with strict dtype promotion and rank promotion an error."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

SETTINGS = {
    "jax_enable_x64": True,
    "jax_numpy_dtype_promotion": "strict",
    "jax_numpy_rank_promotion": "raise",
}


@pytest.fixture(autouse=True)
def strict_float64():
    before = {name: getattr(jax.config, name) for name in SETTINGS}
    for name, value in SETTINGS.items():
        jax.config.update(name, value)
    yield
    for name, value in before.items():
        jax.config.update(name, value)


def softmax_outputs(params, x):
    return x @ params["weight"] + params["bias"][None, :]


def mlp_outputs(params, x):
    hidden = jnp.tanh(x @ params[0]["weight"] + params[0]["bias"][None, :])
    return hidden @ params[1]["weight"] + params[1]["bias"][None, :]


def cross_entropy_of(outputs):
    def loss(params, x, y):
        logs = jax.nn.log_softmax(outputs(params, x))
        return -jnp.mean(jnp.sum(logs * jax.nn.one_hot(y, logs.shape[1]), axis=1))

    return loss


softmax_loss = cross_entropy_of(softmax_outputs)
mlp_loss = cross_entropy_of(mlp_outputs)


@pytest.fixture
def softmax_regression():
    """(loss, outputs, params, (x, y)): 4 inputs, 3 classes, 50 rows."""
    generator = np.random.default_rng(0)
    params = {"weight": generator.standard_normal((4, 3)), "bias": generator.standard_normal(3)}
    return softmax_loss, softmax_outputs, params, (generator.standard_normal((50, 4)), np.arange(50) % 3)


@pytest.fixture
def mlp():
    """(loss, outputs, params, (x, y)): 5-6-3 tanh, 40 rows."""
    generator = np.random.default_rng(1)
    params = [
        {"weight": generator.standard_normal((5, 6)) / 2, "bias": generator.standard_normal(6) / 2},
        {"weight": generator.standard_normal((6, 3)) / 2, "bias": generator.standard_normal(3) / 2},
    ]
    return mlp_loss, mlp_outputs, params, (generator.standard_normal((40, 5)), np.arange(40) % 3)
