"""The weighted sum and its hand-written gradient."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

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
