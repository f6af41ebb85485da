"""Any rule of optax among ours: what it gives is what optax gives, with the rate as data."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ravine.errors import UsageError
from ravine.optimizers import Optimizer, resolve, schedule
from ravine.optimizers.from_optax import from_optax
from ravine.optimizers.optax_rules import OPTAX

START = np.linspace(0.5, 2, 6).reshape(2, 3)


@pytest.fixture(autouse=True)
def as_optax_expects(strict):
    jax.config.update("jax_numpy_dtype_promotion", "standard")
    jax.config.update("jax_numpy_rank_promotion", "allow")


def walk(optimizer, shape=(2, 3), steps=10, dtype=jnp.float64):
    curvature = jnp.asarray(START, dtype).reshape(shape)
    w = jnp.ones(shape, dtype)

    def step(carry, _):
        w, state = carry
        updates, state = optimizer.update(curvature * w, state, w)
        return (optax.apply_updates(w, updates), state), None

    (w, state), _ = jax.lax.scan(step, (w, optimizer.init(w)), length=steps)
    return w, state


def factory(name):
    return getattr(optax, name, None) or getattr(optax.contrib, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", OPTAX)
def test_rate_and_schedule_are_data(name):
    """Many rates in one program; a schedule; another dtype: each is what optax does at that number."""
    constructor = from_optax(name)
    keywords = {"key": 0} if name == "noisy_sgd" else {}
    together = jax.jit(jax.vmap(lambda rate: walk(constructor(rate), dtype=jnp.float32)[0]))(
        jnp.array([0.01, 0.1], jnp.float64)
    )
    assert together.dtype == jnp.float32
    if name != "cocob":  # all its rate does is to scale the gradients, and it is blind to their scale
        assert bool(jnp.any(together[0] != together[1]))
    alone, _ = walk(factory(name)(learning_rate=0.1, **keywords), dtype=jnp.float32)
    np.testing.assert_allclose(together[1], alone, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", OPTAX)
def test_flat_means_that_shapes_do_not_matter(name):
    if OPTAX[name].accepts_vector:
        whole, _ = walk(from_optax(name)(0.1))
        vector, _ = walk(from_optax(name)(0.1), shape=(6,))
        np.testing.assert_allclose(vector.reshape(2, 3), whole, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["sgd", "adam", "lion", "adadelta", "fromage"])
def test_schedules_start_at_zero_as_in_optax(name):
    factor = schedule("decay").at(20, 20)

    def rate(t):
        return 0.1 * factor(t)

    np.testing.assert_allclose(
        walk(from_optax(name)(rate))[0], walk(factory(name)(learning_rate=rate))[0], rtol=1e-12
    )


def test_a_schedule_where_optax_takes_a_number():
    """sm3 multiplies by its rate last, so a schedule that is zero from the fifth step on stops it there."""
    factor = schedule("linear").at(5, 5)
    five, _ = walk(from_optax("sm3")(lambda t: 0.1 * factor(t)), steps=5)
    ten, _ = walk(from_optax("sm3")(lambda t: 0.1 * factor(t)), steps=10)
    np.testing.assert_array_equal(five, ten)


def test_adadelta_descends_at_its_default():
    optimizer = from_optax("adadelta")()
    w = jnp.ones(3)
    updates, _ = optimizer.update(w, optimizer.init(w), w)
    assert (updates < 0).all()


@pytest.mark.parametrize("name", ["schedule_free_sgd", "schedule_free_adamw"])
def test_schedule_free_is_judged_at_its_average(name):
    optimizer = from_optax(name)(0.1)
    assert isinstance(optimizer, Optimizer)
    w, state = walk(optimizer)
    peer = factory(name)(learning_rate=0.1)
    w_peer, state_peer = walk(peer)
    expected = optax.contrib.schedule_free_eval_params(state_peer, w_peer)
    np.testing.assert_allclose(optimizer.eval_params(w, state), expected, rtol=1e-6)
    assert not np.allclose(optimizer.eval_params(w, state), w)


def test_keywords_reach_optax():
    rule = resolve("optax:adam(b1=0.5, nesterov=True)")
    np.testing.assert_allclose(
        walk(rule.build(0.1))[0], walk(optax.adam(0.1, b1=0.5, nesterov=True))[0], rtol=1e-12
    )
    assert rule.defaults == {} and rule.name == "optax:adam(b1=0.5, nesterov=True)"
    assert resolve("optax:lars").accepts_vector is False


@pytest.mark.parametrize("name", ["lbfgs", "polyak_sgd", "momo", "rprop", "sophia", "nothing_like_it"])
def test_refused(name):
    with pytest.raises(UsageError):
        from_optax(name)


@pytest.mark.parametrize("rate", [-1, None, "x"])
def test_bad_rates(rate):
    with pytest.raises(UsageError, match="learning rate"):
        from_optax("adam")(rate)


def test_random_keys_in_a_state_are_plain_integers_and_draw_what_optax_draws():
    state = from_optax("noisy_sgd", {"key": 3})(0.1).init(jnp.ones((2, 3)))
    assert not any(jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) for leaf in jax.tree.leaves(state))
    ours, _ = walk(from_optax("noisy_sgd", {"key": 3})(0.1))
    theirs, _ = walk(optax.noisy_sgd(learning_rate=0.1, key=3))
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_the_key_of_a_run_fixes_its_random_numbers():
    def path(seed, **keywords):
        key = jax.random.key_data(jax.random.key(seed))
        return walk(from_optax("noisy_sgd", keywords)(0.1, key))[0]

    np.testing.assert_array_equal(path(1), path(1))
    assert np.all(path(1) != path(2)) and np.all(path(1) != path(1, key=3))
    theirs = optax.noisy_sgd(learning_rate=0.1, key=jax.random.fold_in(jax.random.key(1), 3))
    np.testing.assert_allclose(path(1, key=3), walk(theirs)[0], rtol=1e-12)
