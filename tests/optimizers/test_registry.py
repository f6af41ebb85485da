"""The rules: names, defaults and ranges; stability limits and preconditioners against each rule itself."""

import importlib
import inspect
import types

import jax.numpy as jnp
import numpy as np
import pytest

import ravine.optimizers
from ravine.data import prepare, read
from ravine.engines import find_devices
from ravine.errors import UsageError
from ravine.networks import Network
from ravine.optimizers import (
    DEFAULT_OPTIMIZERS,
    OPTIMIZERS,
    RULES,
    SCHEDULES,
    Decay,
    Range,
    compose,
    per_array,
    read_optimizer,
    resolve,
    schedule,
)
from ravine.optimizers.registry import register
from ravine.optimizers.schedule_kinds import Parameter, ScheduleKind
from ravine.training import Batches, Cohort, Plan, Runs, run_cohort, shape_for

NAMES = ["sgd", "momentum", "nesterov", "local_gains", "adagrad", "rmsprop", "adadelta", "adam"]


def test_the_eight_in_the_order_of_the_lecture():
    assert list(RULES) == NAMES == list(DEFAULT_OPTIMIZERS)


@pytest.mark.parametrize("name", NAMES)
def test_the_name_is_the_function(name):
    importlib.import_module(f"ravine.optimizers.{name}")  # must not put the module in the function's place
    function = getattr(ravine.optimizers, name)
    assert isinstance(function, types.FunctionType) and function is RULES[name].constructor
    assert next(iter(inspect.signature(function).parameters)) == "learning_rate"


def test_everything_exported_is_there():
    assert set(NAMES) <= set(ravine.optimizers.__all__) == set(dir(ravine.optimizers))
    assert not [
        name
        for name in ravine.optimizers.__all__
        if isinstance(getattr(ravine.optimizers, name), types.ModuleType)
    ]
    with pytest.raises(AttributeError, match="no attribute 'lion'"):
        vars(ravine.optimizers)["__getattr__"]("lion")


@pytest.mark.parametrize("name", NAMES)
def test_defaults_are_those_of_the_lecture(name):
    expected = {
        "momentum": {"rho": 0.9},
        "nesterov": {"rho": 0.9},
        "local_gains": {"grow": 0.05, "shrink": 0.95, "lowest": 0.1, "highest": 10.0},
        "adagrad": {"eps": 1e-8},
        "rmsprop": {"gamma": 0.9, "eps": 1e-8},
        "adadelta": {"gamma": 0.9, "eps": 1e-6},
        "adam": {"b1": 0.9, "b2": 0.999, "eps": 1e-8},
    }
    assert RULES[name].defaults == expected.get(name, {})
    default_rate = inspect.signature(RULES[name].constructor).parameters["learning_rate"].default
    assert default_rate == RULES[name].rate_center


@pytest.mark.parametrize("name", NAMES)
def test_tuned_ranges_contain_the_default(name):
    rule = RULES[name]
    assert set(rule.search_ranges) <= set(rule.defaults)
    for key, where in rule.search_ranges.items():
        ends = sorted(float(where.at(u)) for u in (0.0, 1.0))
        assert ends[0] <= rule.defaults[key] <= ends[1]
        rule.build(0.1, **{key: ends[0]})
        rule.build(0.1, **{key: ends[1]})


def test_ranges():
    np.testing.assert_allclose(Range(1e-4, 1e-2).at(np.array([0, 0.5, 1])), [1e-4, 1e-3, 1e-2])
    np.testing.assert_allclose(1 - Range(1e-4, 1e-2, one_minus=True).at(0.5), 1e-3, rtol=1e-12)


def test_resolve():
    assert resolve("adam") is RULES["adam"]
    assert resolve(" Adam ") is RULES["adam"]
    assert resolve("Local gains") is resolve("local-gains") is RULES["local_gains"]
    rule = resolve("adam(b1=0.95)")
    assert (rule.name, rule.title) == ("adam(b1=0.95)", "Adam (b1=0.95)")
    assert rule.defaults == {"b1": 0.95, "b2": 0.999, "eps": 1e-8}
    assert "b1" not in rule.search_ranges and "b2" in rule.search_ranges
    assert RULES["adam"].defaults["b1"] == 0.9
    assert resolve(rule.name) == rule and hash(resolve(rule.name)) == hash(rule)
    data = rule.as_data()
    assert isinstance(data["b1"], Decay) and data["b1"].complement == 1 - 0.95
    w = jnp.ones(2)
    first = rule.build(0.1)
    assert first.update(w, first.init(w), w)[1].slots.m[0] == pytest.approx(0.05)


def test_unknown_hyperparameters():
    with pytest.raises(UsageError, match="no hyperparameter 'beta1'"):
        RULES["adam"].as_data(beta1=0.9)


def test_a_line_of_the_registry_must_lead_to_a_rule_of_its_name(monkeypatch):
    monkeypatch.setitem(OPTIMIZERS, "other", OPTIMIZERS["adam"])
    with pytest.raises(TypeError, match="Use one name"):
        resolve("other")
    monkeypatch.setitem(OPTIMIZERS, "other", "ravine.optimizers.adam:Moments")
    with pytest.raises(TypeError, match="decorate it"):
        resolve("other")


PRECONDITIONED = [name for name, rule in RULES.items() if rule.preconditioned]


def radius(rule, eta, curvature, kept):
    """Largest |eigenvalue| of one step of the recursion on curvature w^2 / 2, P = 1."""
    h = eta * curvature
    step = {
        "sgd": [[1 - h, 0], [0, 0]],
        "rmsprop": [[1 - h, 0], [0, 0]],
        "momentum": [[1 - h, kept], [-h, kept]],
        "nesterov": [[1 - h, kept - h * kept], [-h, kept - h * kept]],
        "adam": [[1 - h * (1 - kept), -h * kept], [1 - kept, kept]],  # (w, m): w - h m, h in units of w
    }[rule]
    return np.abs(np.linalg.eigvals(np.array(step))).max()


@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov", "rmsprop", "adam"])
@pytest.mark.parametrize("rate", [0.003, 1.7])
@pytest.mark.parametrize("kept", [0.0, 0.5, 0.9, 0.99])
def test_a_step_just_below_the_limit_shrinks_and_just_above_grows(name, rate, kept):
    rule = resolve(name)
    limit = rule.stability_limit(rate, {key: kept for key in ("rho", "b1") if key in rule.defaults})
    assert radius(name, rate, limit * 0.999, kept) < 1
    assert radius(name, rate, limit * 1.001, kept) > 1


def test_the_lectures_numbers():
    assert resolve("sgd").stability_limit(0.1) == pytest.approx(20)
    assert resolve("momentum").stability_limit(1.0) == pytest.approx(3.8)
    assert resolve("nesterov").stability_limit(1.0) == pytest.approx(3.8 / 2.8)
    assert resolve("adam").stability_limit(1.0) == pytest.approx(38)
    assert resolve("local gains").stability_limit(0.5) == pytest.approx(4)
    assert resolve("momentum(rho=0.5)").stability_limit(1.0) == pytest.approx(3)


def test_a_rule_of_optax_has_no_limit_and_no_preconditioner():
    lion = resolve("optax:lion(b1=0.8)")
    assert lion.stability_limit(0.1) is None and lion.preconditioner(None) is None
    assert lion.base_name == "optax:lion" and not lion.elementwise


@pytest.mark.parametrize("name", PRECONDITIONED)
@pytest.mark.parametrize("around", [False, True])
def test_the_preconditioner_is_what_a_step_divides_by(name, around):
    """-eta m / P is the step, m the mean of the gradients; AdaDelta's u is that of the step before."""
    rule = resolve(name)
    optimizer = rule.build(0.01)
    if around:
        optimizer = compose(optimizer, rate=0.01, mask=None, clip=1e9, ema=0.9)
    params = {"a": jnp.array([1.0, -1.0]), "b": jnp.ones((2, 1))}
    state, mean = optimizer.init(params), {"a": np.zeros(2), "b": np.zeros((2, 1))}
    random = np.random.default_rng(0)
    for _ in range(4):
        gradient = {key: random.standard_normal(np.shape(leaf)) for key, leaf in params.items()}
        before = state
        step, state = optimizer.update({k: jnp.asarray(g) for k, g in gradient.items()}, state, params)
        b1 = rule.defaults.get("b1", 0.0)
        mean = {key: b1 * mean[key] + (1 - b1) * gradient[key] for key in mean}
        found = rule.preconditioner(state)
        if name == "adadelta":
            old, new = (_slots(each) for each in (before, state))
            found = {k: jnp.sqrt(new.s[k] + 1e-6) / jnp.sqrt(old.u[k] + 1e-6) for k in found}
            for key, u in new.u.items():
                own = rule.preconditioner(state)[key] * jnp.sqrt(u + 1e-6)
                np.testing.assert_allclose(own, jnp.sqrt(new.s[key] + 1e-6), rtol=1e-6)
        for key in params:
            np.testing.assert_allclose(-0.01 * mean[key] / found[key], step[key], rtol=1e-5)


def _slots(state):
    while not hasattr(state, "slots"):
        state = state.inner
    return state.slots


def test_hyperparameters_in_use_take_the_place_of_the_defaults():
    rule = resolve("adagrad")
    optimizer = rule.build(0.1)
    _, state = optimizer.update([jnp.array([3.0])], optimizer.init([jnp.zeros(1)]), [jnp.zeros(1)])
    found = rule.preconditioner(state, rule.as_data(eps=7.0))
    np.testing.assert_allclose(found[0], 4.0, rtol=1e-6)


@pytest.mark.parametrize(
    "call",
    [
        lambda: resolve("sgd").stability_limit(0.0),
        lambda: resolve("sgd").stability_limit(float("nan")),
        lambda: resolve("momentum").stability_limit(0.1, {"rho": 1.0}),
        lambda: resolve("momentum").stability_limit(0.1, {"b1": 0.9}),
    ],
)
def test_misuse(call):
    with pytest.raises(UsageError):
        call()


@register("Signs", rate_center=1e-3)
def signs(learning_rate=1e-3, share=0.5):
    """A step of the size of the rate, mixed with the gradient."""

    def init(w):
        return ()

    def step(g, slots, eta, share):
        return -eta * (share * jnp.sign(g) + (1 - share) * g), slots

    return per_array(init, step, learning_rate, share=share)


def halved(clock, numbers):
    """A schedule: 1, then `low` from the middle of the run on."""
    return clock.xp.where(clock.t < clock.steps / 2, 1.0, numbers["low"])


@pytest.fixture
def added(monkeypatch):
    monkeypatch.setitem(OPTIMIZERS, "signs", f"{__name__}:signs")
    low = Parameter(0.5, "from 0 to 1", lambda value: 0 <= value <= 1)
    monkeypatch.setitem(SCHEDULES, "halved", ScheduleKind(f"{__name__}:halved", {"low": low}))


def trained(rule, schedules, metric="accuracy"):
    batches, devices = Batches(prepare(read("iris")), root=0, batch_size=16), find_devices()
    plan = Plan(rule, Network((4, 5, 3)), "cross_entropy", metric, 16, steps_per_evaluation=10, evaluations=2)
    count = len(schedules)
    hyper = {name: np.full(count, value) for name, value in rule.defaults.items()}
    runs = Runs(np.full(count, 0.05), np.array(schedules), np.zeros(count, int), hyper)
    return run_cohort(Cohort(plan, runs, batches), shape_for(plan, batches, count, 1, devices), devices)


@pytest.mark.usefixtures("added")
def test_an_added_optimizer_and_schedule_are_named_and_trained():
    import ravine.optimizers

    assert str(read_optimizer("Signs(share=1.0)")) == "signs(share=1.0)"
    assert resolve("signs").title == "Signs" and ravine.optimizers.signs is signs
    assert str(schedule("halved(0.0)")) == "halved(0)"
    np.testing.assert_array_equal(schedule("halved(0)").factors(4, 1), [1, 1, 0, 0])
    with pytest.raises(UsageError, match="from 0 to 1"):
        schedule("halved(2)")

    record = trained(resolve("signs(share=1.0)"), ["constant", "halved(0)"])
    losses = record.series["valid_loss"]
    assert np.isfinite(losses).all()
    assert losses[0, 0] == losses[1, 0] == losses[1, 1] != losses[0, 1]  # the second run stops half-way


def test_an_added_name_is_gone_where_it_was_not_added():
    with pytest.raises(UsageError, match="no optimizer 'signs'"):
        read_optimizer("signs")
    with pytest.raises(UsageError, match="no schedule 'halved'"):
        schedule("halved")
