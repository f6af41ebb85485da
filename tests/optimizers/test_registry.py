"""How a user names an optimizer, and what is said when there is none of that name."""

import importlib
import inspect
import types

import jax.numpy as jnp
import numpy as np
import pytest

import ravine.optimizers
from ravine.errors import UsageError
from ravine.optimizers import DEFAULT_OPTIMIZERS, OPTIMIZERS, RULES, Decay, Range, resolve, resolve_all
from ravine.optimizers.optimizer_text import parse_optimizer, split

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
    assert default_rate == RULES[name].rate_centre


@pytest.mark.parametrize("name", NAMES)
def test_tuned_ranges_contain_the_default(name):
    rule = RULES[name]
    assert set(rule.tuned) <= set(rule.defaults)
    for key, where in rule.tuned.items():
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
    assert "b1" not in rule.tuned and "b2" in rule.tuned
    assert RULES["adam"].defaults["b1"] == 0.9
    assert resolve(rule.name) == rule and hash(resolve(rule.name)) == hash(rule)
    data = rule.as_data()
    assert isinstance(data["b1"], Decay) and data["b1"].complement == 1 - 0.95
    w = jnp.ones(2)
    first = rule.build(0.1)
    assert first.update(w, first.init(w), w)[1].slots.m[0] == pytest.approx(0.05)


def test_resolve_all():
    assert [rule.name for rule in resolve_all("sgd, adam(b1=0.9, b2=.99),optax:lion(b1=0.9),")] == [
        "sgd",
        "adam(b1=0.9, b2=0.99)",
        "optax:lion(b1=0.9)",
    ]
    assert [rule.name for rule in resolve_all(["sgd", "adam,rmsprop"])] == ["sgd", "adam", "rmsprop"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("adm", "'adam'"),
        ("lion", "'optax:lion'"),
        ("optax:lionn", "'optax:lion'"),
        ("optax:momo", "value of the loss"),
        ("torch:adam", "torch"),
        ("", "no optimizer"),
        ("a b.c", "no optimizer"),
        ("adam)", "no optimizer"),
        ("adam(", "cannot be read"),
        ("adam(0.9)", "needs its name"),
        ("adam(**{'b1': 0.9})", "needs its name"),
        ("adam(b1=0.9)(2)", "follows its brackets"),
        ("adam(b1=0.9) + 1", "follows its brackets"),
        ("adam(b1=0.9, b1=0.8)", "twice"),
        ("adam(b1=x)", "b1=x"),
        ("adam(b1=__import__('os').getcwd())", "no number or word"),
        ("adam(b1='high')", "number"),
        ("adam(b1=True)", "number"),
        ("adam(b1=1.0)", "decay rate"),
        ("adam(eps=-1)", "eps"),
        ("momentum(rho=1e999)", "finite"),
        ("momentum(rho=1" + "0" * 400 + ")", "finite"),
        ("adam(beta=0.9)", "no hyperparameter 'beta'"),
        ("adam(lr=0.1)", "learning rate"),
        ("sgd(rho=0.9)", "only its learning rate"),
        ("optax:adam(learning_rate=1)", "Leave it out"),
        ("optax:adam(bb=1)", "'b1'"),
        ("optax:adam(b1='x')", "optax says"),
    ],
)
def test_what_is_said(text, message):
    with pytest.raises(UsageError) as caught:
        resolve(text)
    assert message in str(caught.value)


@pytest.mark.parametrize(("text", "message"), [("", "empty"), (" , ", "empty"), ("sgd,adam,SGD", "twice")])
def test_what_is_said_of_lists(text, message):
    with pytest.raises(UsageError, match=message):
        resolve_all(text)


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


def test_spec_round_trip():
    spec = parse_optimizer("optax:dog(init_step=('distance', 1.0), eps=1e-8)")
    assert spec == ("optax", "dog", {"init_step": ("distance", 1.0), "eps": 1e-8})
    assert parse_optimizer(str(spec)) == spec
    assert split("a(b=(1, 2), c=','), d") == ["a(b=(1, 2), c=',')", "d"]
