"""What every rule promises, the lecture's and optax's alike: a new one is under these tests at once."""

import copy

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ravine.errors import UsageError
from ravine.optimizers import RULES, Decay, Optimizer, schedule


def falling(rate, steps):
    """A schedule of the learning rate from `rate` to zero."""
    factor = schedule("decay").at(steps, steps)
    return lambda t: rate * factor(t)


every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))


def tree(dtype=jnp.float64):
    return {"w": jnp.linspace(-1, 1, 6, dtype=dtype).reshape(2, 3), "b": [jnp.ones((), dtype)], "none": None}


def gradients(params):
    return jax.tree.map(lambda w: w + jnp.asarray(0.5, w.dtype), params)


def steps(optimizer, params, count=3):
    state = optimizer.init(params)
    for _ in range(count):
        updates, state = optimizer.update(gradients(params), state, params)
        params = optax.apply_updates(params, updates)
    return params, state


def assert_same(one, other, rtol=1e-12, atol=0.0):
    assert jax.tree.structure(one) == jax.tree.structure(other)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=rtol, atol=atol), one, other)


@every_rule
def test_is_an_optax_pair(rule):
    optimizer = rule.constructor()
    init, update = optimizer
    assert isinstance(optimizer, Optimizer) and isinstance(optimizer, optax.GradientTransformationExtraArgs)
    assert optax.with_extra_args_support(optimizer) is optimizer
    params = tree()
    updates, state = update(gradients(params), init(params), params, value=1.0, unknown="ignored")
    assert jax.tree.structure(updates) == jax.tree.structure(params)
    assert jax.tree.structure(state) == jax.tree.structure(init(params))
    copied = copy.copy(optimizer)
    assert_same(copied.eval_params(params, state), optimizer.eval_params(params, state))


@every_rule
def test_parameters_are_optional(rule):
    optimizer, params = rule.build(0.1), tree()
    assert_same(
        optimizer.update(gradients(params), optimizer.init(params)),
        optimizer.update(gradients(params), optimizer.init(params), params),
    )


@every_rule
def test_a_tree_goes_the_way_of_its_arrays(rule):
    """All parameters as one vector, or each alone: the same walk."""
    optimizer, params = rule.build(0.1), tree()
    whole, state = steps(optimizer, params)
    flat, unravel = jax.flatten_util.ravel_pytree(params)
    vector, vector_state = steps(optimizer, flat)
    assert_same(unravel(vector), whole)
    assert_same(unravel(optimizer.eval_params(vector, vector_state)), optimizer.eval_params(whole, state))
    alone, _ = steps(optimizer, params["w"])
    assert_same(alone, whole["w"])


@every_rule
def test_a_compiled_step_is_the_step(rule):
    optimizer, params = rule.build(0.1), tree()
    assert_same(jax.jit(lambda w: steps(optimizer, w))(params), steps(optimizer, params))


@every_rule
def test_many_rates_at_once_are_those_rates_one_by_one(rule):
    params = tree()

    def run(rate, hyper):
        return steps(rule.build(rate, **hyper), params)[0]

    rates = jnp.array([0.001, 0.01, 0.1])
    data = rule.as_data(**{name: np.array([0.5, 0.9, 0.95]) for name in rule.averaging_rates})
    axes = {name: Decay(0, 0) if name in rule.averaging_rates else None for name in rule.defaults}
    together = jax.vmap(run, in_axes=(0, axes))(rates, data)
    for k, rate in enumerate((0.001, 0.01, 0.1)):
        alone, _ = steps(
            rule.build(rate, **{name: (0.5, 0.9, 0.95)[k] for name in rule.averaging_rates}), params
        )
        assert_same(jax.tree.map(lambda w, k=k: w[k], together), alone)
    mapped = jax.lax.map(lambda each: run(each, rule.as_data()), rates)
    assert_same(jax.tree.map(lambda w: w[2], mapped), run(0.1, rule.as_data()))


@every_rule
def test_other_numbers_compile_nothing(rule):
    traced = []

    @jax.jit
    def run(rate, steps_in_all, decays, hyper):
        traced.append(1)

        def scheduled(t):
            return rate * (1 - decays * t.astype(float) / steps_in_all)

        return steps(rule.build(scheduled, **hyper), tree())[0]

    first = run(0.1, 10.0, 0.0, rule.as_data())
    second = run(0.2, 20.0, 1.0, rule.as_data(**{name: 0.5 for name in rule.averaging_rates}))
    assert len(traced) == 1
    assert not np.allclose(first["w"], second["w"])
    assert_same(first, steps(rule.build(0.1), tree())[0])


@every_rule
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("rate", [0.01, falling(0.01, 10)], ids=["constant", "scheduled"])
def test_dtypes_stay(rule, dtype, rate):
    params = tree(jnp.dtype(dtype))
    optimizer = rule.build(rate, **rule.as_data())
    state = optimizer.init(params)
    updates, after = jax.jit(optimizer.update)(gradients(params), state, params)
    dtypes = [leaf.dtype for leaf in jax.tree.leaves(updates)]
    assert dtypes == [jnp.dtype(dtype)] * 2
    assert [(x.dtype, x.weak_type) for x in jax.tree.leaves(after)] == [
        (x.dtype, x.weak_type) for x in jax.tree.leaves(state)
    ]
    judged = optimizer.eval_params(params, after)
    assert [leaf.dtype for leaf in jax.tree.leaves(judged)] == dtypes
    if after.t is not None:
        assert after.t.dtype == jnp.int32


@every_rule
def test_half_precision_walks_with_the_full_one(rule):
    """The state is kept in float32, where 0.999 is not 1."""
    half, _ = steps(rule.build(0.01), tree(jnp.bfloat16), 20)
    full, _ = steps(rule.build(0.01), tree(jnp.float32), 20)
    assert_same(jax.tree.map(lambda w: w.astype(jnp.float32), half), full, rtol=0, atol=0.03)


@every_rule
def test_state_is_lean(rule):
    """No more arrays than the rule's equations have, no counter unless it is read."""
    slots = {"sgd": 0, "momentum": 1, "nesterov": 1, "adagrad": 1, "rmsprop": 1}.get(rule.name, 2)
    state = rule.build(0.1).init(jnp.zeros(5))
    assert [leaf.shape for leaf in jax.tree.leaves(state.slots)] == [(5,)] * slots
    assert (state.t is None) == (rule.name != "adam")
    assert rule.build(falling(0.1, 5)).init(jnp.zeros(5)).t == 0


@every_rule
def test_counter_saturates(rule):
    optimizer = rule.build(falling(0.1, 5))
    w = jnp.ones(2)
    state = optimizer.init(w)._replace(t=jnp.asarray(2**31 - 1, jnp.int32))
    updates, state = optimizer.update(w, state, w)
    assert state.t == 2**31 - 1 and np.isfinite(updates).all()


@every_rule
def test_no_gradient_no_step(rule):
    params = tree(jnp.float32)
    optimizer = rule.build(0.1)
    updates, _ = optimizer.update(jax.tree.map(jnp.zeros_like, params), optimizer.init(params), params)
    assert_same(updates, jax.tree.map(jnp.zeros_like, params))


@every_rule
@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_extreme_gradients_give_finite_steps(rule, size):
    w = jnp.ones(3, jnp.float32)
    optimizer = rule.build(0.1)
    state = optimizer.init(w)
    for sign in (1, -1, 1):
        updates, state = optimizer.update(jnp.full(3, sign * size, jnp.float32), state, w)
        assert np.isfinite(updates).all()


@every_rule
def test_nan_stays_where_it_is(rule):
    w = jnp.ones(3)
    optimizer = rule.build(0.1)
    updates, _ = optimizer.update(jnp.array([1.0, np.nan, 1.0]), optimizer.init(w), w)
    np.testing.assert_array_equal(np.isnan(updates), [False, True, False])


@every_rule
def test_empty_trees_and_arrays(rule):
    optimizer = rule.build(falling(0.1, 5))
    for params in ({}, jnp.zeros((0, 3))):
        updates, state = optimizer.update(params, optimizer.init(params), params)
        assert jax.tree.structure(updates) == jax.tree.structure(params)
        assert state.t == 1


@every_rule
def test_integers_are_refused(rule):
    with pytest.raises(UsageError, match="int32"):
        rule.build(0.1).init({"n": jnp.arange(3, dtype=jnp.int32)})


@every_rule
@pytest.mark.parametrize("rate", [-0.1, float("nan"), float("inf"), "0.1", None, True, [0.1]])
def test_bad_rates_are_refused(rule, rate):
    with pytest.raises(UsageError, match="learning rate"):
        rule.build(rate)


@every_rule
def test_a_rate_with_axes_is_refused(rule):
    w = jnp.ones(3)
    optimizer = rule.build(jnp.ones(3))
    with pytest.raises(UsageError, match=r"vmap"):
        optimizer.update(w, optimizer.init(w), w)


@every_rule
def test_bad_hyperparameters_are_refused(rule):
    for name in rule.averaging_rates:
        for value in (1.0, -0.1, float("nan"), "x", None, True):
            with pytest.raises(UsageError, match="averaging rate"):
                rule.build(0.1, **{name: value})
    if "eps" in rule.defaults:
        for value in (-1e-8, float("nan"), "x", None):
            with pytest.raises(UsageError, match="eps"):
                rule.build(0.1, eps=value)


@pytest.mark.parametrize("name", ["momentum", "nesterov"])
@pytest.mark.parametrize("rho", [-0.1, 1.5, float("nan"), "0.9", True])
def test_a_share_of_the_velocity_lies_between_0_and_1(name, rho):
    with pytest.raises(UsageError, match="rho"):
        RULES[name].build(0.1, rho=rho)
    RULES[name].build(0.1, rho=1)


# Where an optax transformation works, ours do.


@every_rule
def test_in_a_chain(rule):
    params = tree()
    chained = optax.chain(optax.clip(0.3), rule.build(0.1))
    clipped = optax.clip(0.3).update(gradients(params), optax.EmptyState())[0]
    expected, _ = rule.build(0.1).update(clipped, rule.build(0.1).init(params), params)
    assert_same(chained.update(gradients(params), chained.init(params), params)[0], expected)


@every_rule
def test_in_multi_steps(rule):
    params = tree()
    accumulated = optax.MultiSteps(rule.build(0.1), every_k_schedule=2)
    state = accumulated.init(params)
    with jax.numpy_dtype_promotion("standard"):  # MultiSteps itself mixes dtypes
        first, state = accumulated.update(gradients(params), state, params)
        second, state = accumulated.update(gradients(params), state, params)
    assert_same(first, jax.tree.map(jnp.zeros_like, params))
    expected, _ = rule.build(0.1).update(gradients(params), rule.build(0.1).init(params), params)
    assert_same(second, expected, rtol=1e-5)  # it averages in float32


@every_rule
def test_with_injected_hyperparameters(rule):
    params = tree()
    injected = optax.inject_hyperparams(rule.constructor)(learning_rate=0.1)
    state = injected.init(params)
    assert set(state.hyperparams) == {"learning_rate", *rule.defaults}
    updates, state = injected.update(gradients(params), state, params)
    assert_same(updates, rule.build(0.1).update(gradients(params), rule.build(0.1).init(params), params)[0])
    state.hyperparams["learning_rate"] = jnp.asarray(0.0)
    fresh = injected.init(params)
    fresh.hyperparams["learning_rate"] = jnp.asarray(0.0)
    updates, _ = injected.update(gradients(params), fresh, params)
    assert_same(updates, jax.tree.map(jnp.zeros_like, params))


@every_rule
def test_masked_and_mapped(rule):
    params = {"w": jnp.ones(3), "b": jnp.ones(2)}
    masked = optax.masked(rule.build(0.1), {"w": True, "b": False})
    updates, _ = masked.update(params, masked.init(params), params)
    assert_same(updates["b"], params["b"])
    assert_same(updates["w"], rule.build(0.1).update(params, rule.build(0.1).init(params), params)[0]["w"])
    state = rule.build(0.1).init(params)
    assert_same(
        optax.tree.map_params(rule.build(0.1), lambda x: x + 1, state).slots,
        jax.tree.map(lambda x: x + 1, state.slots),
    )
