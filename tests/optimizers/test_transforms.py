"""Clipping, penalties, decoupled decay and averages, around every rule."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ravine.errors import UsageError
from ravine.optimizers import (
    RULES,
    Decay,
    adam,
    compose,
    momentum,
    nesterov,
    resolve,
    schedule,
    sgd,
)
from ravine.optimizers.nesterov import sutskever_step

# NumPy: made before the tests have switched to float64.
CURVATURE = {"weight": np.array([[1.0, 0.3], [0.5, 2.0]]), "bias": np.array([0.7, 0.2])}
START = {"weight": np.array([[1.0, -2.0], [0.0, 0.4]]), "bias": np.array([0.5, -0.3])}
WEIGHTS = {"weight": True, "bias": False}


def falling(rate, steps):
    """A schedule of the learning rate from `rate` to zero."""
    factor = schedule("decay").at(steps, steps)
    return lambda t: rate * factor(t)


every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
ALL = {"l1": 0.01, "l2": 0.02, "decay": 0.03, "clip": 0.5}


def gradient(params):
    return jax.tree.map(lambda c, w: c * (w - 0.1), CURVATURE, params)


def walk(optimizer, params=START, count=12, gradient=gradient):
    """The points a run is judged at, before and after each step, and the last state."""
    state = optimizer.init(params)
    seen = [optimizer.eval_params(params, state)]
    step = jax.jit(optimizer.update)
    for _ in range(count):
        updates, state = step(gradient(params), state, params)
        params = optax.apply_updates(params, updates)
        seen.append(optimizer.eval_params(params, state))
    return jax.tree.map(lambda *each: np.stack(each), *seen), state


def assert_same(one, other, rtol=1e-12, atol=1e-14):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=rtol, atol=atol), one, other)


def assert_identical(one, other):
    assert jax.tree.structure(one) == jax.tree.structure(other)
    jax.tree.map(np.testing.assert_array_equal, one, other)


def test_l2_equals_optax():
    peer = optax.chain(optax.add_decayed_weights(0.05, mask=WEIGHTS), optax.sgd(0.1, momentum=0.9))
    ours = compose(momentum(0.1, 0.9), rate=0.1, mask=WEIGHTS, l2=0.05)
    assert_same(walk(ours)[0], plain_walk(peer))


def test_decay_equals_optax_adamw():
    peer = optax.adamw(0.1, weight_decay=0.05, mask=WEIGHTS)
    assert_same(walk(compose(adam(0.1), rate=0.1, mask=WEIGHTS, decay=0.05))[0], plain_walk(peer))


def test_decay_follows_the_scheduled_rate():
    rate = falling(0.1, 12)
    peer = optax.adamw(optax.cosine_decay_schedule(0.1, 12), weight_decay=0.05)
    expected = plain_walk(peer)
    assert_same(walk(compose(adam(rate), rate=rate, mask=None, decay=0.05))[0], expected)


@pytest.mark.parametrize("threshold", [0.3, 1.0, 100.0, np.inf])
def test_clip_equals_optax(threshold):
    peer = optax.chain(optax.clip_by_global_norm(threshold), optax.sgd(0.1, momentum=0.9))
    ours = compose(momentum(0.1, 0.9), rate=0.1, mask=None, clip=threshold)
    assert_same(walk(ours)[0], plain_walk(peer))


def plain_walk(optimizer):
    with jax.numpy_dtype_promotion("standard"):
        return walk(PlainEval(optimizer))[0]


class PlainEval:
    """An optax rule judged at its parameters."""

    def __init__(self, rule):
        self.init, self.update, self.eval_params = rule.init, rule.update, lambda params, state: params


@pytest.mark.parametrize("kind", ["AdamW", "Adam", "SGD"])
def test_equals_torch(kind):
    torch = pytest.importorskip("torch")
    ours, numbers = {
        "AdamW": (compose(adam(0.1), rate=0.1, mask=None, decay=0.05), {}),
        "Adam": (compose(adam(0.1), rate=0.1, mask=None, l2=0.05), {}),
        "SGD": (
            compose(nesterov(0.1, 0.9), rate=0.1, mask=None, l2=0.05, clip=0.7),
            {"momentum": 0.9, "nesterov": True},
        ),
    }[kind]
    leaves = [torch.tensor(np.asarray(w), requires_grad=True) for w in jax.tree.leaves(START)]
    curvature = [torch.tensor(np.asarray(c)) for c in jax.tree.leaves(CURVATURE)]
    peer = getattr(torch.optim, kind)(leaves, lr=0.1, weight_decay=0.05, **numbers)
    params, state = START, ours.init(START)
    for _ in range(12):
        updates, state = ours.update(gradient(params), state, params)
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


def test_with_sgd_decay_is_l2_and_with_adam_it_is_not():
    def ends(rule, **how):
        return walk(compose(rule(0.1), rate=0.1, mask=WEIGHTS, **how))[0]

    assert_same(ends(sgd, l2=0.05), ends(sgd, decay=0.05))
    assert np.abs(ends(adam, l2=0.05)["weight"] - ends(adam, decay=0.05)["weight"]).max() > 1e-3


def test_what_the_mask_leaves_out_is_left_alone():
    both = {"l1": 0.1, "l2": 0.2, "decay": 0.3}
    for rule in (sgd, adam):
        alone = walk(rule(0.1))[0]
        masked = walk(compose(rule(0.1), rate=0.1, mask=WEIGHTS, **both))[0]
        np.testing.assert_array_equal(masked["bias"], alone["bias"])
        assert np.abs(masked["weight"] - alone["weight"]).max() > 1e-3


def test_a_mask_may_be_an_array_or_a_function():
    """All parameters as one vector, with the mask of its entries: the same walk."""
    vector, unravel = jax.flatten_util.ravel_pytree(START)
    flags, _ = jax.flatten_util.ravel_pytree(jax.tree.map(lambda m, w: jnp.full(w.shape, m), WEIGHTS, START))
    whole = walk(compose(adam(0.1), rate=0.1, mask=WEIGHTS, **ALL))[0]
    flat = compose(adam(0.1), rate=0.1, mask=flags, **ALL)
    ravelled = jax.flatten_util.ravel_pytree
    seen, _ = walk(flat, vector, gradient=lambda w: ravelled(gradient(unravel(w)))[0])
    assert_same(jax.vmap(unravel)(seen), whole)
    by_function = walk(compose(adam(0.1), rate=0.1, mask=lambda params: WEIGHTS, **ALL))[0]
    assert_identical(by_function, whole)


def test_nothing_asked_for_is_the_rule_itself():
    rule = adam(0.1)
    assert compose(rule, rate=0.1, mask=WEIGHTS) is rule


@every_rule
def test_off_as_data_is_the_rule_bit_for_bit(rule):
    off = {"l1": 0.0, "l2": 0.0, "decay": 0.0, "clip": np.inf}

    def run(numbers):
        return walk(compose(rule.build(0.01), rate=0.01, mask=WEIGHTS, **numbers))[0]

    with jax.disable_jit():  # two programs may contract products and sums differently
        alone = walk(rule.build(0.01))[0]
        assert_identical(run({**off, "ema": 0.0}), alone)
        assert_identical(run({**off, "tail": 100}), alone)


@every_rule
def test_other_numbers_compile_nothing_and_stand_side_by_side(rule):
    traced = []

    def run(rate, numbers):
        traced.append(1)
        optimizer = compose(rule.build(falling(rate, 12)), rate=falling(rate, 12), mask=WEIGHTS, **numbers)
        params, state = START, optimizer.init(START)
        for _ in range(3):
            updates, state = optimizer.update(gradient(params), state, params)
            params = optax.apply_updates(params, updates)
        return optimizer.eval_params(params, state)

    numbers = {name: jnp.array([value, 0.0, 2 * value]) for name, value in {**ALL, "tail": 1.0}.items()}
    numbers["clip"] = jnp.array([0.5, jnp.inf, 0.1])
    together = jax.jit(jax.vmap(run, in_axes=(None, 0)))(0.01, numbers)
    assert len(traced) == 1
    for k in range(3):
        alone = run(0.01, jax.tree.map(lambda v, k=k: float(v[k]), numbers))
        assert_same(jax.tree.map(lambda w, k=k: w[k], together), alone)


@every_rule
@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_dtypes_stay(rule, dtype):
    params = jax.tree.map(lambda w: jnp.asarray(w, dtype), START)
    grads = jax.tree.map(lambda w: w + jnp.asarray(1, dtype), params)
    rate = falling(0.01, 10)
    for average in ({"ema": 0.9}, {"tail": 1}):
        optimizer = compose(rule.build(rate), rate=rate, mask=WEIGHTS, **ALL, **average)
        state = optimizer.init(params)
        updates, after = jax.jit(optimizer.update)(grads, state, params)
        for tree in (updates, optimizer.eval_params(params, after), optimizer.eval_params(params, state)):
            assert {leaf.dtype for leaf in jax.tree.leaves(tree)} == {jnp.dtype(dtype)}
        assert [(x.dtype, x.weak_type) for x in jax.tree.leaves(after)] == [
            (x.dtype, x.weak_type) for x in jax.tree.leaves(state)
        ]


def test_state_is_lean():
    assert jax.tree.leaves(compose(sgd(0.1), rate=0.1, mask=None, **ALL).init(START)) == []
    timed = compose(sgd(0.1), rate=falling(0.1, 5), mask=None, **ALL).init(START)
    assert [leaf.shape for leaf in jax.tree.leaves(timed)] == [()]


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


@every_rule
def test_ema_equals_optax(rule):
    """The bias-corrected mean of the points where the rule itself is judged."""
    judged, _ = walk(rule.build(0.01))
    peer, state, expected = optax.ema(0.9), None, []
    for t in range(12):
        point = jax.tree.map(lambda w, t=t: jnp.asarray(w[t + 1]), judged)
        state = peer.init(point) if state is None else state
        with jax.numpy_dtype_promotion("standard"):
            mean, state = peer.update(point, state)
        expected.append(mean)
    averaged, _ = walk(compose(rule.build(0.01), rate=0.01, mask=None, ema=0.9))
    assert_same(
        jax.tree.map(lambda w: w[1:], averaged), jax.tree.map(lambda *each: np.stack(each), *expected)
    )
    assert_identical(jax.tree.map(lambda w: w[0], averaged), START)


@pytest.mark.parametrize("text", ["nesterov", "adam", "optax:schedule_free_sgd", "optax:sgd(momentum=0.9)"])
@pytest.mark.parametrize("start", [0, 5, 11, 12])
def test_tail_average_is_the_mean_of_the_tail(text, start):
    rule = resolve(text)
    with jax.numpy_dtype_promotion("standard"):
        judged, _ = walk(rule.build(0.01))
        averaged, _ = walk(compose(rule.build(0.01), rate=0.01, mask=None, tail=start))
    for t in range(13):
        tail = jax.tree.map(lambda w, t=t: w[start + 1 : t + 1].mean(0) if t > start else w[t], judged)
        assert_same(jax.tree.map(lambda w, t=t: w[t], averaged), tail)


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


def test_nesterov_decays_the_point_it_is_judged_at():
    """The lecture's two lines with (1 - eta lambda) w in the second, not with the look-ahead."""
    w0 = jnp.array([1.0, -2.0])
    judged, _ = walk(compose(nesterov(0.1, 0.9), rate=0.1, mask=None, decay=0.5), w0, 8, lambda w: 0.3 * w)
    w, v, expected = w0, jnp.zeros(2), [w0]
    for _ in range(8):
        after, v = sutskever_step(lambda w: 0.3 * w, w, v, 0.1, 0.9)
        w = after - 0.1 * 0.5 * w
        expected.append(w)
    np.testing.assert_allclose(judged, np.stack(expected), rtol=1e-12)


def test_clipping_comes_before_penalties():
    """Only the gradient of the loss is clipped."""
    optimizer = compose(sgd(1.0), rate=1.0, mask=None, clip=1.0, l2=0.5)
    w, grads = jnp.array([10.0, 0.0]), jnp.array([3.0, 4.0])
    np.testing.assert_allclose(optimizer.update(grads, optimizer.init(w), w)[0], [-0.6 - 5, -0.8])


def test_a_schedule_of_any_kind_drives_rule_and_decay():
    factor = schedule("step(0.5,every=1)").at(12, 4)

    def rate(t):
        return 0.1 * factor(t)

    peer = optax.adamw(optax.piecewise_constant_schedule(0.1, {4: 0.5, 8: 0.5}), weight_decay=0.05)
    expected = plain_walk(peer)
    assert_same(walk(compose(adam(rate), rate=rate, mask=None, decay=0.05))[0], expected)


@every_rule
def test_a_table_read_by_the_loop_is_the_schedule(rule):
    """A loop that hands each step its number from the table needs no counter, and walks the same way."""
    spec = schedule("cosine(warmup=0.3,end=0.1)")
    table, at = jnp.asarray(0.01 * spec.factors(12, 4)), spec.at(12, 4)
    by_schedule, _ = walk(
        compose(rule.build(lambda t: 0.01 * at(t)), rate=lambda t: 0.01 * at(t), mask=None, decay=0.1)
    )

    def step(carry, rate):
        params, state = carry
        optimizer = compose(rule.build(rate), rate=rate, mask=None, decay=0.1)
        updates, state = optimizer.update(gradient(params), state, params)
        params = optax.apply_updates(params, updates)
        return (params, state), optimizer.eval_params(params, state)

    params = jax.tree.map(jnp.asarray, START)
    first = compose(rule.build(table[0]), rate=table[0], mask=None, decay=0.1).init(params)
    _, by_table = jax.lax.scan(step, (params, first), table)
    assert_same(by_table, jax.tree.map(lambda w: w[1:], by_schedule))


@pytest.mark.parametrize("average", [{"ema": Decay(jnp.float32(0.9), jnp.float32(0.1))}, {"tail": 2}])
def test_a_first_state_may_be_donated(average):
    """No two of its arrays are one buffer, nor one with the parameters."""
    optimizer = compose(nesterov(0.1), rate=0.1, mask=None, **average)
    params = jax.tree.map(lambda w: jnp.asarray(w, jnp.float32), START)
    carry = jax.jit(lambda params: (params, optimizer.init(params)))(params)

    def step(carry):
        params, state = carry
        updates, state = optimizer.update(gradient32(params), state, params)
        return optax.apply_updates(params, updates), state

    params, state = jax.jit(step, donate_argnums=0)(carry)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves((params, state)))


def gradient32(params):
    return jax.tree.map(lambda w: w * jnp.float32(0.5), params)


def test_refused():
    for numbers in ({"l1": -1.0}, {"l2": np.nan}, {"decay": np.inf}, {"clip": 0.0}, {"clip": np.nan},
                    {"ema": 1.0}, {"tail": -1}, {"ema": 0.9, "tail": 3}):  # fmt: skip
        with pytest.raises(UsageError):
            compose(sgd(0.1), rate=0.1, mask=None, **numbers)
    for numbers in ({"l2": 0.1}, {"decay": 0.1}):
        optimizer = compose(sgd(0.1), rate=0.1, mask={"weight": True}, **numbers)
        with pytest.raises(UsageError, match="mask"):
            optimizer.update(START, optimizer.init(START), START)
        with pytest.raises(UsageError, match="parameters"):
            optimizer.update(START, optimizer.init(START))
    averaged = compose(sgd(0.1), rate=0.1, mask=None, ema=0.9)
    with pytest.raises(UsageError, match="parameters"):
        averaged.update(START, averaged.init(START))
