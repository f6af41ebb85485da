"""One run against loops written out in NumPy and in plain optax, in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import scipy.special

from ravine.engines import precision_context
from ravine.networks import Network
from ravine.optimizers import resolve, schedule
from ravine.training import Plan, Rows, advance, start
from ravine.training import loop as loop_module
from ravine.training.initial_state import rng_key
from ravine.training.loop import optimizer_of, step

STEPS, STRIDE, BATCH, RATE, RHO = 30, 5, 8, 0.05, 0.9


@pytest.fixture(autouse=True)
def float64():
    with precision_context("float64"):
        yield


def plan_of(task, rule, activation="tanh", weighted=False):
    classify = task == "classify"
    return Plan(
        resolve(rule),
        Network((4, 6, 5, 3 if classify else 1), activation),
        "cross_entropy" if classify else "squared_error",
        "accuracy" if classify else "rmse",
        BATCH, STRIDE, STEPS // STRIDE, weighted, "float64",
    )  # fmt: skip


def drawn(task, *lead, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((*lead, 4))
    y = rng.integers(0, 3, lead).astype(np.int32) if task == "classify" else rng.standard_normal(lead)
    return Rows(x, y)


def numbers_of(plan, rate=RATE, unit=1.0):
    return {
        "rate": np.float64(rate),
        "target_scale": np.float64(unit),
        "hyper": plan.rule.as_data(),
        "extra": {},
    }


def factors_of(plan, decays):
    text = "decay" if decays else "constant"
    return {"rate": schedule(text).factors(plan.steps, 1).reshape(-1, plan.steps_per_evaluation)}


def forward(params, x):
    hidden = [x]
    for layer in params[:-1]:
        hidden.append(np.tanh(hidden[-1] @ layer["weight"] + layer["bias"]))
    return hidden, hidden[-1] @ params[-1]["weight"] + params[-1]["bias"]


def loss_of(task, z, y):
    if task == "classify":
        return -np.mean(scipy.special.log_softmax(z, axis=1)[np.arange(len(y)), y])
    return np.mean((z[:, 0] - y) ** 2)


def gradient(task, params, x, y):
    """Backpropagation by hand."""
    hidden, z = forward(params, x)
    if task == "classify":
        delta = (scipy.special.softmax(z, axis=1) - np.eye(3)[y]) / len(y)
    else:
        delta = 2 * (z - y[:, None]) / len(y)
    found = []
    for layer, h in zip(params[::-1], hidden[::-1], strict=True):
        found.append({"weight": h.T @ delta, "bias": delta.sum(0)})
        delta = (delta @ layer["weight"].T) * (1 - h**2)
    return loss_of(task, z, y), found[::-1]


def each(function, *trees):
    return [{k: function(*(tree[i][k] for tree in trees)) for k in trees[0][i]} for i in range(len(trees[0]))]


@pytest.mark.parametrize("decays", [0, 1])
@pytest.mark.parametrize("rule", ["sgd", "momentum", "nesterov"])
@pytest.mark.parametrize("task", ["classify", "regress"])
def test_thirty_steps_are_those_of_a_loop_in_numpy(task, rule, decays):
    plan = plan_of(task, rule)
    batches, valid = drawn(task, STEPS // STRIDE, STRIDE, BATCH), drawn(task, 20, seed=1)
    first = plan.network.init(np.random.default_rng(2), dtype="float64")
    numbers = numbers_of(plan, unit=2.5)
    state, series = jax.jit(advance, static_argnums=0)(
        plan, start(plan, first, numbers), numbers, batches, valid, factors_of(plan, decays)
    )

    w, v = first, each(np.zeros_like, first)
    rho = 0 if rule == "sgd" else RHO
    train, held, scores = [], [], []
    for t in range(STEPS):
        eta = RATE * (1 + np.cos(np.pi * t / STEPS)) / 2 if decays else RATE
        at = each(lambda w, v: w + rho * v, w, v) if rule == "nesterov" else w
        x, y = (a.reshape(STEPS, *a.shape[2:])[t] for a in batches[:2])
        value, g = gradient(task, at, x, y)
        v = each(lambda v, g, eta=eta: rho * v - eta * g, v, g)
        w = each(np.add, w, v)
        train.append(value)
        if (t + 1) % STRIDE == 0:
            z = forward(w, valid.x)[1]  # Nesterov is judged at w, wherever its gradients are taken
            held.append(loss_of(task, z, valid.y))
            scores.append(
                np.mean(z.argmax(1) == valid.y)
                if task == "classify"
                else 2.5 * np.sqrt(np.mean((z[:, 0] - valid.y) ** 2))
            )
    np.testing.assert_allclose(series["train_loss"], np.reshape(train, (-1, STRIDE)).mean(1), rtol=1e-11)
    np.testing.assert_allclose(series["valid_loss"], held, rtol=1e-11)
    np.testing.assert_allclose(series["score"], scores, rtol=1e-11)
    if rule != "nesterov":
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-14), state.params, w)


@pytest.mark.parametrize("rule, theirs", [("adam", optax.adam), ("optax:lion(b1=0.8)", optax.lion)])
def test_thirty_steps_are_those_of_an_optax_loop(rule, theirs):
    plan = plan_of("classify", rule, "elu")
    batches, valid = drawn("classify", STEPS // STRIDE, STRIDE, BATCH), drawn("classify", 20, seed=1)
    first = plan.network.init(np.random.default_rng(2), dtype="float64")
    numbers = numbers_of(plan)
    state, series = jax.jit(advance, static_argnums=0)(
        plan, start(plan, first, numbers), numbers, batches, valid, factors_of(plan, 1)
    )

    schedule = optax.cosine_decay_schedule(RATE, STEPS)
    optimizer = theirs(schedule, **({"b1": 0.8} if theirs is optax.lion else {}))

    def outputs(params, x):
        for layer in params[:-1]:
            x = jax.nn.elu(x @ layer["weight"] + layer["bias"][None, :])
        return x @ params[-1]["weight"] + params[-1]["bias"][None, :]

    def loss(params, x, y):
        return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(outputs(params, x), y))

    @jax.jit
    def step(params, slots, x, y):
        updates, slots = optimizer.update(jax.grad(loss)(params, x, y), slots, params)
        return optax.apply_updates(params, updates), slots

    with jax.numpy_dtype_promotion("standard"):  # optax mixes types
        params = jax.tree.map(jnp.asarray, first)
        slots = optimizer.init(params)
        held = []
        for t in range(STEPS):
            params, slots = step(params, slots, *(a.reshape(STEPS, *a.shape[2:])[t] for a in batches[:2]))
            if (t + 1) % STRIDE == 0:
                held.append(loss(params, *valid[:2]))
    np.testing.assert_allclose(series["valid_loss"], held, rtol=1e-8)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-10), state.params, params)


def test_two_pieces_are_the_whole():
    plan = plan_of("classify", "adam")
    batches, valid = drawn("classify", STEPS // STRIDE, STRIDE, BATCH), drawn("classify", 20, seed=1)
    numbers, factors = numbers_of(plan), factors_of(plan, 1)["rate"]
    state = start(plan, plan.network.init(np.random.default_rng(2), dtype="float64"), numbers)
    go = jax.jit(advance, static_argnums=0)
    whole, series = go(plan, state, numbers, batches, valid, {"rate": factors})
    losses = []
    for part in (slice(0, 2), slice(2, 6)):
        rows = Rows(batches.x[part], batches.y[part])
        state, seen = go(plan, state, numbers, rows, valid, {"rate": factors[part]}, len(losses) * STRIDE)
        losses.extend(seen["valid_loss"])
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-12), state, whole)
    np.testing.assert_allclose(losses, series["valid_loss"], rtol=1e-12)


class TestWeights:
    def go(self, batches, valid, weighted=True):
        plan = plan_of("regress", "momentum", weighted=weighted)
        numbers = numbers_of(plan)
        state = start(plan, plan.network.init(np.random.default_rng(2), dtype="float64"), numbers)
        return jax.jit(advance, static_argnums=0)(plan, state, numbers, batches, valid)

    def rows(self):
        return drawn("regress", STEPS // STRIDE, STRIDE, BATCH), drawn("regress", 20, seed=1)

    def test_weights_of_one_are_no_weights(self):
        batches, valid = self.rows()
        weighted = self.go(*(r._replace(weight=np.ones(r.y.shape)) for r in (batches, valid)))
        plain = self.go(batches, valid, weighted=False)
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-12), weighted, plain)

    def test_rows_of_weight_zero_do_not_matter(self):
        batches, valid = self.rows()
        rng = np.random.default_rng(4)
        weights = [rng.integers(0, 2, r.y.shape).astype(float) for r in (batches, valid)]
        clean = [r._replace(weight=w) for r, w in zip((batches, valid), weights, strict=True)]
        spoilt = [r._replace(y=np.where(r.weight == 0, 1e3, r.y)) for r in clean]
        jax.tree.map(np.testing.assert_array_equal, self.go(*clean), self.go(*spoilt))

    def test_a_weight_of_two_is_the_row_twice(self):
        batches, valid = self.rows()
        half = BATCH // 2
        twice = Rows(*(np.concatenate([a[:, :, :half]] * 2, axis=2) for a in batches[:2]))
        twice = twice._replace(weight=np.ones(twice.y.shape))
        weight = np.r_[np.full(half, 2.0), np.zeros(half)]
        once = batches._replace(weight=np.broadcast_to(weight, batches.y.shape))
        valid = valid._replace(weight=np.ones(20))
        jax.tree.map(
            lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-10),
            self.go(once, valid),
            self.go(twice, valid),
        )

    def test_a_batch_without_any_weight_teaches_nothing(self):
        batches, valid = self.rows()
        weight = np.ones(batches.y.shape)
        weight[2, 3] = 0
        state, series = self.go(batches._replace(weight=weight), valid._replace(weight=np.ones(20)))
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves((state.params, series)))


def test_a_clip_that_is_off_stays_off_whatever_its_schedule():
    """Its number is infinite, and infinity times a factor of 0 is none."""
    plan = Plan(
        resolve("sgd"), Network((2, 3, 1)), "squared_error", "rmse", 4, 1, 1,
        transforms=("clip",), hyper_schedules=("clip",), precision="float64",
    )  # fmt: skip
    rng = np.random.default_rng(0)
    with precision_context("float64"):
        params = plan.network.init(rng, dtype="float64")
        numbers = {"rate": np.float64(0.1), "target_scale": np.float64(1), "hyper": {}}
        numbers |= {"extra": {"clip": np.float64(np.inf)}}
        rows = Rows(rng.standard_normal((4, 2)), rng.standard_normal(4))
        state = start(plan, params, numbers)
        go = jax.jit(step, static_argnums=0)
        ends = [
            go(plan, state, numbers, {"rate": np.float64(1), "clip": np.float64(factor)}, rows, 0)[0].params
            for factor in (0, 1)
        ]
    for one, other in zip(*map(jax.tree.leaves, ends), strict=True):
        np.testing.assert_array_equal(one, other)
        assert np.all(np.isfinite(one))


def test_the_noise_of_an_optimizer_depends_on_the_seed_of_the_run():
    with jax.numpy_dtype_promotion("standard"):  # optax mixes types
        plan = plan_of("regress", "optax:noisy_sgd")
        params = plan.network.init(np.random.default_rng(0), dtype="float64")
        zero = jax.tree.map(jnp.zeros_like, params)

        def noise(seed):
            numbers = {**numbers_of(plan), "key": rng_key(0, seed)}
            state = start(plan, params, numbers)
            updates, _ = optimizer_of(plan, numbers, params).update(zero, state.opt_state, params)
            return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(updates)])

        np.testing.assert_array_equal(noise(1), noise(1))
        assert np.all(noise(1) != noise(2))
        # of a zero gradient, the update is the learning rate times a normal number of variance eta = 0.01
        assert np.std(noise(1)) == pytest.approx(RATE * 0.1, rel=0.3)


def test_late_updates_keep_the_learning_rate_of_any_gradient():
    gradient = ({"weight": np.full((2, 2), 2e38, "f4")}, {"weight": np.full((2, 2), 3e38, "f4")})
    infinite = ({"weight": np.array([[np.inf, 1.0]], "f4")}, {"weight": np.array([[np.nan]], "f4")})
    for each in (gradient, infinite):
        numbers = loop_module._after_all_gradients({"rate": np.float32(0.1)}, each)
        assert numbers["rate"] == np.float32(0.1)
