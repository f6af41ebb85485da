"""Clipping, penalties and decoupled decay: against optax, PyTorch and closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ravine.optimizers import (
    adam,
    compose,
    momentum,
    nesterov,
    schedule,
    sgd,
)
from ravine.optimizers.nesterov import sutskever_step


def falling(rate, steps):
    """A schedule of the learning rate from `rate` to zero."""
    factor = schedule("decay").at(steps, steps)
    return lambda t: rate * factor(t)


def assert_same(one, other, rtol=1e-12, atol=1e-14):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=rtol, atol=atol), one, other)


def test_l2_equals_optax(bowl):
    peer = optax.chain(optax.add_decayed_weights(0.05, mask=bowl.weights), optax.sgd(0.1, momentum=0.9))
    ours = compose(momentum(0.1, 0.9), rate=0.1, mask=bowl.weights, l2=0.05)
    assert_same(bowl.walk(ours)[0], bowl.optax_walk(peer))


def test_decay_equals_optax_adamw(bowl):
    peer = optax.adamw(0.1, weight_decay=0.05, mask=bowl.weights)
    assert_same(
        bowl.walk(compose(adam(0.1), rate=0.1, mask=bowl.weights, weight_decay=0.05))[0],
        bowl.optax_walk(peer),
    )


def test_decay_follows_the_scheduled_rate(bowl):
    rate = falling(0.1, 12)
    peer = optax.adamw(optax.cosine_decay_schedule(0.1, 12), weight_decay=0.05)
    expected = bowl.optax_walk(peer)
    assert_same(bowl.walk(compose(adam(rate), rate=rate, mask=None, weight_decay=0.05))[0], expected)


@pytest.mark.parametrize("threshold", [0.3, 1.0, 100.0, np.inf])
def test_clip_equals_optax(bowl, threshold):
    peer = optax.chain(optax.clip_by_global_norm(threshold), optax.sgd(0.1, momentum=0.9))
    ours = compose(momentum(0.1, 0.9), rate=0.1, mask=None, clip=threshold)
    assert_same(bowl.walk(ours)[0], bowl.optax_walk(peer))


@pytest.mark.parametrize("kind", ["AdamW", "Adam", "SGD"])
def test_equals_torch(bowl, kind):
    torch = pytest.importorskip("torch")
    ours, numbers = {
        "AdamW": (compose(adam(0.1), rate=0.1, mask=None, weight_decay=0.05), {}),
        "Adam": (compose(adam(0.1), rate=0.1, mask=None, l2=0.05), {}),
        "SGD": (
            compose(nesterov(0.1, 0.9), rate=0.1, mask=None, l2=0.05, clip=0.7),
            {"momentum": 0.9, "nesterov": True},
        ),
    }[kind]
    leaves = [torch.tensor(np.asarray(w), requires_grad=True) for w in jax.tree.leaves(bowl.start)]
    curvature = [torch.tensor(np.asarray(c)) for c in jax.tree.leaves(bowl.curvature)]
    peer = getattr(torch.optim, kind)(leaves, lr=0.1, weight_decay=0.05, **numbers)
    params, state = bowl.start, ours.init(bowl.start)
    for _ in range(12):
        updates, state = ours.update(bowl.gradient(params), state, params)
        params = optax.apply_updates(params, updates)
        for w, c in zip(leaves, curvature, strict=True):
            w.grad = c * (w.detach() - 0.1)
        if kind == "SGD":
            torch.nn.utils.clip_grad_norm_(leaves, 0.7)
        peer.step()
    # to clip, torch divides by the norm plus 1e-6
    tolerance = 1e-5 if kind == "SGD" else 1e-12
    assert_same(jax.tree.leaves(params), [w.detach().numpy() for w in leaves], rtol=tolerance)


def test_ridge_and_lasso_of_an_orthonormal_design():
    """G8. Minimise |w - w0|^2 / 2 with a penalty: w0 / (1 + alpha), and w0 soft-thresholded."""
    w0, alpha = jnp.array([1.5, -0.8, 0.3, -0.1, 0.0]), 0.4
    ridge = descend(compose(sgd(0.1), rate=0.1, mask=None, l2=alpha), w0, 400)
    np.testing.assert_allclose(ridge, w0 / (1 + alpha), rtol=1e-12, atol=1e-15)
    # A subgradient crosses zero back and forth by no more than its step.
    rate = 1e-4
    lasso = descend(compose(sgd(rate), rate=rate, mask=None, l1=alpha), w0, 150_000)
    np.testing.assert_allclose(lasso, jnp.sign(w0) * jnp.maximum(jnp.abs(w0) - alpha, 0), atol=2 * rate)
    assert lasso[4] == 0.0


def descend(optimizer, w0, count):
    def step(_, carry):
        w, state = carry
        updates, state = optimizer.update(w - w0, state, w)
        return w + updates, state

    w = jnp.zeros_like(w0)
    return jax.jit(lambda: jax.lax.fori_loop(0, count, step, (w, optimizer.init(w))))()[0]


def test_with_sgd_decay_is_l2_and_with_adam_it_is_not(bowl):
    def ends(rule, **how):
        return bowl.walk(compose(rule(0.1), rate=0.1, mask=bowl.weights, **how))[0]

    assert_same(ends(sgd, l2=0.05), ends(sgd, weight_decay=0.05))
    assert np.abs(ends(adam, l2=0.05)["weight"] - ends(adam, weight_decay=0.05)["weight"]).max() > 1e-3


@pytest.mark.parametrize("value", [1e-30, 1e30, 3e38])
def test_clipping_neither_overflows_nor_underflows(value):
    """float32 squares of 1e30 are infinite, of 1e-30 zero."""
    optimizer = compose(sgd(1.0), rate=1.0, mask=None, clip=1e-31)
    grads = {"a": jnp.array([3 * value / 4, -value], jnp.float32), "b": jnp.zeros(0, jnp.float32)}
    updates, _ = optimizer.update(grads, optimizer.init(grads), grads)
    np.testing.assert_allclose(updates["a"], [-0.6e-31, 0.8e-31], rtol=1e-5)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_is_not_hidden(bad):
    optimizer = compose(sgd(1.0), rate=1.0, mask=None, clip=1.0)
    grads = jnp.array([1.0, bad])
    updates, _ = optimizer.update(grads, optimizer.init(grads), grads)
    assert not np.isfinite(updates[1])
    assert not np.isfinite(optimizer.eval_params(grads + updates, ())[1])


def test_a_zero_gradient_and_no_parameters():
    optimizer = compose(sgd(1.0), rate=1.0, mask=None, clip=1.0)
    zero = jnp.zeros(3)
    np.testing.assert_array_equal(optimizer.update(zero, optimizer.init(zero), zero)[0], 0)
    assert optimizer.update({}, optimizer.init({}), {})[0] == {}


def test_nesterov_decays_the_point_it_is_judged_at(bowl):
    """The lecture's two lines with (1 - eta lambda) w in the second, not with the look-ahead."""
    w0 = jnp.array([1.0, -2.0])
    judged, _ = bowl.walk(
        compose(nesterov(0.1, 0.9), rate=0.1, mask=None, weight_decay=0.5), w0, 8, lambda w: 0.3 * w
    )
    w, v, expected = w0, jnp.zeros(2), [w0]
    for _ in range(8):
        after, v = sutskever_step(lambda w: 0.3 * w, w, v, 0.1, 0.9)
        w = after - 0.1 * 0.5 * w
        expected.append(w)
    np.testing.assert_allclose(judged, np.stack(expected), rtol=1e-12)
