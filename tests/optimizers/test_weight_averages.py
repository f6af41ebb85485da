"""Averages of the weights: the exponential one against optax, that of the tail against plain means."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ravine.optimizers import (
    RULES,
    Decay,
    compose,
    nesterov,
    resolve,
    sgd,
)

every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))


def assert_same(one, other, rtol=1e-12, atol=1e-14):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=rtol, atol=atol), one, other)


def assert_identical(one, other):
    assert jax.tree.structure(one) == jax.tree.structure(other)
    jax.tree.map(np.testing.assert_array_equal, one, other)


@every_rule
def test_ema_equals_optax(bowl, rule):
    """The bias-corrected mean of the points where the rule itself is judged."""
    judged, _ = bowl.walk(rule.build(0.01))
    peer, state, expected = optax.ema(0.9), None, []
    for t in range(12):
        point = jax.tree.map(lambda w, t=t: jnp.asarray(w[t + 1]), judged)
        state = peer.init(point) if state is None else state
        with jax.numpy_dtype_promotion("standard"):
            mean, state = peer.update(point, state)
        expected.append(mean)
    averaged, _ = bowl.walk(compose(rule.build(0.01), rate=0.01, mask=None, ema=0.9))
    assert_same(
        jax.tree.map(lambda w: w[1:], averaged), jax.tree.map(lambda *each: np.stack(each), *expected)
    )
    assert_identical(jax.tree.map(lambda w: w[0], averaged), bowl.start)


@pytest.mark.parametrize("text", ["nesterov", "adam", "optax:schedule_free_sgd", "optax:sgd(momentum=0.9)"])
@pytest.mark.parametrize("start", [0, 5, 11, 12])
def test_tail_average_is_the_mean_of_the_tail(bowl, text, start):
    rule = resolve(text)
    with jax.numpy_dtype_promotion("standard"):
        judged, _ = bowl.walk(rule.build(0.01))
        averaged, _ = bowl.walk(compose(rule.build(0.01), rate=0.01, mask=None, tail=start))
    for t in range(13):
        tail = jax.tree.map(lambda w, t=t: w[start + 1 : t + 1].mean(0) if t > start else w[t], judged)
        assert_same(jax.tree.map(lambda w, t=t: w[t], averaged), tail)


@pytest.mark.slow
def test_tail_average_beats_the_last_point_in_noise():
    """Noise of unit variance about a quadratic: the last point keeps eta / 2, the mean of n about 1 / n."""

    def run(key, optimizer):
        def step(carry, key):
            w, state = carry
            updates, state = optimizer.update(w + jax.random.normal(key), state, w)
            return (w + updates, state), None

        w = jnp.zeros(())
        (w, state), _ = jax.lax.scan(step, (w, optimizer.init(w)), jax.random.split(key, 1100))
        return optimizer.eval_params(w, state)

    keys = jax.random.split(jax.random.key(0), 4000)
    last = jax.jit(jax.vmap(lambda key: run(key, sgd(0.2))))(keys)
    tail = jax.jit(jax.vmap(lambda key: run(key, compose(sgd(0.2), rate=0.2, mask=None, tail=100))))(keys)
    error = 5 * np.sqrt(2 / 4000)  # of a variance, relative
    np.testing.assert_allclose(np.mean(last**2), 0.2 / (2 - 0.2), rtol=error)
    np.testing.assert_allclose(np.mean(tail**2), mean_variance(0.2, 1000), rtol=error)


def mean_variance(eta, n):
    """Of the mean of n points of w <- (1 - eta) w - eta noise, at rest; covariances fall as (1 - eta)^k."""
    lags = np.arange(1, n)
    return eta / (2 - eta) / n**2 * (n + 2 * np.sum((n - lags) * (1 - eta) ** lags))


@pytest.mark.parametrize("average", [{"ema": Decay(jnp.float32(0.9), jnp.float32(0.1))}, {"tail": 2}])
def test_a_first_state_may_be_donated(bowl, average):
    """No two of its arrays are one buffer, nor one with the parameters."""
    optimizer = compose(nesterov(0.1), rate=0.1, mask=None, **average)
    params = jax.tree.map(lambda w: jnp.asarray(w, jnp.float32), bowl.start)
    carry = jax.jit(lambda params: (params, optimizer.init(params)))(params)

    def step(carry):
        params, state = carry
        updates, state = optimizer.update(gradient32(params), state, params)
        return optax.apply_updates(params, updates), state

    params, state = jax.jit(step, donate_argnums=0)(carry)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves((params, state)))


def gradient32(params):
    return jax.tree.map(lambda w: w * jnp.float32(0.5), params)
