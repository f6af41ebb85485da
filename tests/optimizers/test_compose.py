"""A rule with everything that goes around it: masks, numbers as data, dtypes, schedules, refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ravine.errors import UsageError
from ravine.optimizers import (
    RULES,
    adam,
    compose,
    schedule,
    sgd,
)


def falling(rate, steps):
    """A schedule of the learning rate from `rate` to zero."""
    factor = schedule("decay").at(steps, steps)
    return lambda t: rate * factor(t)


every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))


ALL = {"l1": 0.01, "l2": 0.02, "weight_decay": 0.03, "clip": 0.5}


def assert_same(one, other, rtol=1e-12, atol=1e-14):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=rtol, atol=atol), one, other)


def assert_identical(one, other):
    assert jax.tree.structure(one) == jax.tree.structure(other)
    jax.tree.map(np.testing.assert_array_equal, one, other)


def test_what_the_mask_leaves_out_is_left_alone(bowl):
    both = {"l1": 0.1, "l2": 0.2, "weight_decay": 0.3}
    for rule in (sgd, adam):
        alone = bowl.walk(rule(0.1))[0]
        masked = bowl.walk(compose(rule(0.1), rate=0.1, mask=bowl.weights, **both))[0]
        np.testing.assert_array_equal(masked["bias"], alone["bias"])
        assert np.abs(masked["weight"] - alone["weight"]).max() > 1e-3


def test_a_mask_may_be_an_array_or_a_function(bowl):
    """All parameters as one vector, with the mask of its entries: the same walk."""
    vector, unravel = jax.flatten_util.ravel_pytree(bowl.start)
    flags, _ = jax.flatten_util.ravel_pytree(
        jax.tree.map(lambda m, w: jnp.full(w.shape, m), bowl.weights, bowl.start)
    )
    whole = bowl.walk(compose(adam(0.1), rate=0.1, mask=bowl.weights, **ALL))[0]
    flat = compose(adam(0.1), rate=0.1, mask=flags, **ALL)
    ravelled = jax.flatten_util.ravel_pytree
    seen, _ = bowl.walk(flat, vector, gradient=lambda w: ravelled(bowl.gradient(unravel(w)))[0])
    assert_same(jax.vmap(unravel)(seen), whole)
    by_function = bowl.walk(compose(adam(0.1), rate=0.1, mask=lambda params: bowl.weights, **ALL))[0]
    assert_identical(by_function, whole)


def test_nothing_asked_for_is_the_rule_itself(bowl):
    rule = adam(0.1)
    assert compose(rule, rate=0.1, mask=bowl.weights) is rule


@every_rule
def test_off_as_data_is_the_rule_bit_for_bit(bowl, rule):
    off = {"l1": 0.0, "l2": 0.0, "weight_decay": 0.0, "clip": np.inf}

    def run(numbers):
        return bowl.walk(compose(rule.build(0.01), rate=0.01, mask=bowl.weights, **numbers))[0]

    with jax.disable_jit():  # two programs may contract products and sums differently
        alone = bowl.walk(rule.build(0.01))[0]
        assert_identical(run({**off, "ema": 0.0}), alone)
        assert_identical(run({**off, "tail": 100}), alone)


@every_rule
def test_other_numbers_compile_nothing_and_stand_side_by_side(bowl, rule):
    traced = []

    def run(rate, numbers):
        traced.append(1)
        optimizer = compose(
            rule.build(falling(rate, 12)), rate=falling(rate, 12), mask=bowl.weights, **numbers
        )
        params, state = bowl.start, optimizer.init(bowl.start)
        for _ in range(3):
            updates, state = optimizer.update(bowl.gradient(params), state, params)
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
def test_dtypes_stay(bowl, rule, dtype):
    params = jax.tree.map(lambda w: jnp.asarray(w, dtype), bowl.start)
    grads = jax.tree.map(lambda w: w + jnp.asarray(1, dtype), params)
    rate = falling(0.01, 10)
    for average in ({"ema": 0.9}, {"tail": 1}):
        optimizer = compose(rule.build(rate), rate=rate, mask=bowl.weights, **ALL, **average)
        state = optimizer.init(params)
        updates, after = jax.jit(optimizer.update)(grads, state, params)
        for tree in (updates, optimizer.eval_params(params, after), optimizer.eval_params(params, state)):
            assert {leaf.dtype for leaf in jax.tree.leaves(tree)} == {jnp.dtype(dtype)}
        assert [(x.dtype, x.weak_type) for x in jax.tree.leaves(after)] == [
            (x.dtype, x.weak_type) for x in jax.tree.leaves(state)
        ]


def test_state_is_lean(bowl):
    assert jax.tree.leaves(compose(sgd(0.1), rate=0.1, mask=None, **ALL).init(bowl.start)) == []
    timed = compose(sgd(0.1), rate=falling(0.1, 5), mask=None, **ALL).init(bowl.start)
    assert [leaf.shape for leaf in jax.tree.leaves(timed)] == [()]


def test_clipping_comes_before_penalties():
    """Only the gradient of the loss is clipped."""
    optimizer = compose(sgd(1.0), rate=1.0, mask=None, clip=1.0, l2=0.5)
    w, grads = jnp.array([10.0, 0.0]), jnp.array([3.0, 4.0])
    np.testing.assert_allclose(optimizer.update(grads, optimizer.init(w), w)[0], [-0.6 - 5, -0.8])


def test_a_schedule_of_any_kind_drives_rule_and_decay(bowl):
    factor = schedule("step(0.5,every=1)").at(12, 4)

    def rate(t):
        return 0.1 * factor(t)

    peer = optax.adamw(optax.piecewise_constant_schedule(0.1, {4: 0.5, 8: 0.5}), weight_decay=0.05)
    expected = bowl.optax_walk(peer)
    assert_same(bowl.walk(compose(adam(rate), rate=rate, mask=None, weight_decay=0.05))[0], expected)


@every_rule
def test_a_table_read_by_the_loop_is_the_schedule(bowl, rule):
    """A loop that hands each step its number from the table needs no counter, and walks the same way."""
    spec = schedule("cosine(warmup=0.3,end=0.1)")
    table, at = jnp.asarray(0.01 * spec.factors(12, 4)), spec.at(12, 4)
    by_schedule, _ = bowl.walk(
        compose(rule.build(lambda t: 0.01 * at(t)), rate=lambda t: 0.01 * at(t), mask=None, weight_decay=0.1)
    )

    def step(carry, rate):
        params, state = carry
        optimizer = compose(rule.build(rate), rate=rate, mask=None, weight_decay=0.1)
        updates, state = optimizer.update(bowl.gradient(params), state, params)
        params = optax.apply_updates(params, updates)
        return (params, state), optimizer.eval_params(params, state)

    params = jax.tree.map(jnp.asarray, bowl.start)
    first = compose(rule.build(table[0]), rate=table[0], mask=None, weight_decay=0.1).init(params)
    _, by_table = jax.lax.scan(step, (params, first), table)
    assert_same(by_table, jax.tree.map(lambda w: w[1:], by_schedule))


def test_refused(bowl):
    for numbers in ({"l1": -1.0}, {"l2": np.nan}, {"weight_decay": np.inf}, {"clip": 0.0}, {"clip": np.nan},
                    {"ema": 1.0}, {"tail": -1}, {"ema": 0.9, "tail": 3}):  # fmt: skip
        with pytest.raises(UsageError):
            compose(sgd(0.1), rate=0.1, mask=None, **numbers)
    for numbers in ({"l2": 0.1}, {"weight_decay": 0.1}):
        optimizer = compose(sgd(0.1), rate=0.1, mask={"weight": True}, **numbers)
        with pytest.raises(UsageError, match="mask"):
            optimizer.update(bowl.start, optimizer.init(bowl.start), bowl.start)
        with pytest.raises(UsageError, match="parameters"):
            optimizer.update(bowl.start, optimizer.init(bowl.start))
    averaged = compose(sgd(0.1), rate=0.1, mask=None, ema=0.9)
    with pytest.raises(UsageError, match="parameters"):
        averaged.update(bowl.start, averaged.init(bowl.start))
