"""Our rules walk where optax's and torch's walk: 200 steps in float64, constant and scheduled rate."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ravine.optimizers import (
    adadelta,
    adagrad,
    adam,
    momentum,
    nesterov,
    rmsprop,
    schedule,
    sgd,
)
from ravine.optimizers.nesterov import sutskever_step

STEPS, RATE, TOLERANCE = 200, 0.05, 1e-12
START = np.array([1.0, -2.0, 0.5, 3.0, -0.1])
CURVATURE = np.array([1.0, 0.3, 2.0, 0.1, 5.0])
NOISE = np.random.default_rng(0).normal(size=(STEPS, 5))


def gradient(w, noise):
    sin = np.sin if isinstance(w, np.ndarray) else jnp.sin
    return CURVATURE * w + 0.5 * sin(w) + noise


def walk(optimizer):
    """The stored and the judged parameters after each of the steps."""

    @jax.jit
    def run(w):
        def step(carry, noise):
            w, state = carry
            updates, state = optimizer.update(gradient(w, noise), state, w)
            w = optax.apply_updates(w, updates)
            judged = optimizer.eval_params(w, state) if hasattr(optimizer, "eval_params") else w
            return (w, state), (w, judged)

        return jax.lax.scan(step, (w, optimizer.init(w)), jnp.asarray(NOISE))[1]

    stored, judged = run(jnp.asarray(START))
    return np.asarray(stored), np.asarray(judged)


def torch_walk(make, rates):
    torch = pytest.importorskip("torch")
    w = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = make(torch.optim, [w])
    stored, buffers = [], []
    for rate, noise in zip(rates, NOISE, strict=True):
        optimizer.param_groups[0]["lr"] = float(rate)
        w.grad = torch.tensor(gradient(w.detach().numpy().copy(), noise))
        optimizer.step()
        stored.append(w.detach().numpy().copy())
        buffers.append(optimizer.state[w].get("momentum_buffer", torch.zeros(5)).numpy().copy())
    return np.array(stored), np.array(buffers)


def rate_of(kind):
    if kind == "constant":
        return RATE
    factor = schedule("decay").at(STEPS, STEPS)
    return lambda t: RATE * factor(t)


def rates_of(kind):
    return [RATE] * STEPS if kind == "constant" else [float(rate_of(kind)(t)) for t in range(STEPS)]


def inside_velocity(rate, rho, is_nesterov):
    return optax.chain(optax.scale_by_learning_rate(rate), optax.trace(rho, nesterov=is_nesterov))


# name: ours and optax's at a rate, torch's constructor (None where torch cannot express the rule)
PAIRS = {
    "sgd": (sgd, optax.sgd, lambda o, w: o.SGD(w, lr=1.0)),
    "momentum": (lambda r: momentum(r, 0.8), lambda r: inside_velocity(r, 0.8, False), None),
    "nesterov": (lambda r: nesterov(r, 0.8), lambda r: inside_velocity(r, 0.8, True), None),
    "adagrad": (
        lambda r: adagrad(r, eps=1e-3),
        lambda r: optax.adagrad(r, initial_accumulator_value=0.0, eps=1e-3),
        lambda o, w: o.Adagrad(w, lr=1.0, initial_accumulator_value=1e-3, eps=0.0),
    ),
    "rmsprop": (
        lambda r: rmsprop(r, gamma=0.95, eps=1e-3),
        lambda r: optax.rmsprop(r, decay=0.95, eps=1e-3),
        None,
    ),
    "rmsprop, eps 0": (
        lambda r: rmsprop(r, gamma=0.95, eps=0.0),
        lambda r: optax.rmsprop(r, decay=0.95, eps=0.0),
        lambda o, w: o.RMSprop(w, lr=1.0, alpha=0.95, eps=0.0),
    ),
    "adadelta": (
        lambda r: adadelta(r, gamma=0.8, eps=1e-3),
        lambda r: optax.adadelta(r, rho=0.8, eps=1e-3),
        lambda o, w: o.Adadelta(w, lr=1.0, rho=0.8, eps=1e-3),
    ),
    "adam": (
        lambda r: adam(r, b1=0.8, b2=0.99, eps=1e-3),
        lambda r: optax.adam(r, b1=0.8, b2=0.99, eps=1e-3),
        lambda o, w: o.Adam(w, lr=1.0, betas=(0.8, 0.99), eps=1e-3),
    ),
    "adam, defaults": (adam, optax.adam, lambda o, w: o.Adam(w, lr=1.0)),
    "adagrad, defaults": (
        adagrad,
        lambda r: optax.adagrad(r, initial_accumulator_value=0.0, eps=1e-8),
        lambda o, w: o.Adagrad(w, lr=1.0, initial_accumulator_value=1e-8, eps=0.0),
    ),
    "rmsprop, defaults": (rmsprop, lambda r: optax.rmsprop(r, 0.9, 1e-8), None),
    "adadelta, defaults": (adadelta, lambda r: optax.adadelta(r, 0.9, 1e-6), None),
}


@pytest.mark.parametrize("kind", ["constant", "scheduled"])
@pytest.mark.parametrize("name", PAIRS)
def test_equals_optax(name, kind):
    ours, theirs, _ = PAIRS[name]
    stored, _ = walk(ours(rate_of(kind)))
    assert np.ptp(stored, axis=0).min() > 1e-3  # it went somewhere
    with jax.numpy_dtype_promotion("standard"):  # optax multiplies floats by an int32 count
        expected, _ = walk(theirs(rate_of(kind)))
    np.testing.assert_allclose(stored, expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("kind", ["constant", "scheduled"])
@pytest.mark.parametrize("name", [name for name, (_, _, torch) in PAIRS.items() if torch])
def test_equals_torch(name, kind):
    ours, _, make = PAIRS[name]
    theirs, _ = torch_walk(make, rates_of(kind))
    np.testing.assert_allclose(walk(ours(rate_of(kind)))[0], theirs, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("is_nesterov", [False, True])
def test_momentum_at_a_constant_rate_is_that_of_the_frameworks(is_nesterov):
    ours = (nesterov if is_nesterov else momentum)(RATE, 0.8)
    stored, judged = walk(ours)
    theirs, _ = walk(optax.sgd(RATE, momentum=0.8, nesterov=is_nesterov))
    np.testing.assert_allclose(stored, theirs, rtol=0, atol=TOLERANCE)
    theirs, buffers = torch_walk(
        lambda o, w: o.SGD(w, lr=1.0, momentum=0.8, nesterov=is_nesterov), rates_of("constant")
    )
    np.testing.assert_allclose(stored, theirs, rtol=0, atol=TOLERANCE)
    back = 0.8 * RATE * buffers if is_nesterov else 0  # their stored point is our look-ahead
    np.testing.assert_allclose(judged, theirs + back, rtol=0, atol=TOLERANCE)


def test_momentum_at_a_scheduled_rate_is_not_optax_sgd():
    """There the rate multiplies the velocity; that the two differ is why the chain above is the peer."""
    stored, _ = walk(momentum(rate_of("scheduled"), 0.8))
    theirs, _ = walk(optax.sgd(rate_of("scheduled"), momentum=0.8))
    assert np.abs(stored - theirs).max() > 1e-3


@pytest.mark.parametrize("kind", ["constant", "scheduled"])
def test_both_views_of_nesterov_are_one_walk(kind):
    w, v, points, ahead = START, np.zeros(5), [], []
    for rate, noise in zip(rates_of(kind), NOISE, strict=True):
        w, v = sutskever_step(lambda at, noise=noise: gradient(at, noise), w, v, rate, 0.8)
        points.append(w)
        ahead.append(w + 0.8 * v)
    stored, judged = walk(nesterov(rate_of(kind), 0.8))
    np.testing.assert_allclose(judged, points, rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(stored, ahead, rtol=0, atol=TOLERANCE)
