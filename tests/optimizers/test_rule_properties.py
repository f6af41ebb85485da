"""Stability limits against each rule's own recursion, preconditioners against its own steps, plot styles."""

import jax.numpy as jnp
import numpy as np
import pytest

from ravine.errors import UsageError
from ravine.optimizers import RULES, compose, resolve
from ravine.optimizers.plot_style import CYCLE, PlotStyle, plot_styles

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


def test_styles_of_the_lectures_rules_are_distinct():
    styles = plot_styles({name: rule.style for name, rule in RULES.items()})
    for part in ("light", "dark"):
        assert len({getattr(style, part) for style in styles.values()}) == len(RULES)
    own = [rule.style for rule in RULES.values() if rule.style is not None]
    assert not set(own) & set(CYCLE)
    assert len({style.dash for style in own}) == len({style.marker for style in own}) == len(own)


def test_a_rule_without_a_style_gets_the_next_free_one():
    lions = [resolve(f"optax:lion(b1=0.{k})") for k in range(1, len(CYCLE) + 2)]
    styles = list(plot_styles({rule.name: rule.style for rule in [resolve("sgd"), *lions]}).values())
    assert styles == [resolve("sgd").style, *CYCLE, CYCLE[0]]
    assert all(isinstance(style, PlotStyle) for style in styles)
