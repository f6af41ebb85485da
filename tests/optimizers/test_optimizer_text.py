"""How a user names an optimizer, and what is said when there is none of that name."""

import pytest

from ravine.errors import UsageError
from ravine.optimizers import (
    resolve,
    resolve_all,
)
from ravine.optimizers.optimizer_text import parse_optimizer, split


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
        ("", "not an optimizer"),
        ("a b.c", "not an optimizer"),
        ("adam)", "not an optimizer"),
        ("adam(", "cannot be read"),
        ("adam(0.9)", "needs its name"),
        ("adam(**{'b1': 0.9})", "needs its name"),
        ("adam(b1=0.9)(2)", "more text after its brackets"),
        ("adam(b1=0.9) + 1", "more text after its brackets"),
        ("adam(b1=0.9, b1=0.8)", "twice"),
        ("adam(b1=x)", "b1=x"),
        ("adam(b1=__import__('os').getcwd())", "neither a number nor a text"),
        ("adam(b1='high')", "number"),
        ("adam(b1=True)", "number"),
        ("adam(b1=1.0)", "averaging rate"),
        ("adam(eps=-1)", "eps"),
        ("momentum(rho=1e999)", "finite"),
        ("momentum(rho=1" + "0" * 400 + ")", "finite"),
        ("adam(beta=0.9)", "no hyperparameter 'beta'"),
        ("adam(lr=0.1)", "learning rate"),
        ("sgd(rho=0.9)", "only its learning rate"),
        ("optax:adam(learning_rate=1)", "Leave it out of the brackets"),
        ("optax:adam(b11=1)", "'b1'"),
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


def test_spec_round_trip():
    spec = parse_optimizer("optax:dog(init_step=('distance', 1.0), eps=1e-8)")
    assert spec == ("optax", "dog", {"init_step": ("distance", 1.0), "eps": 1e-8})
    assert parse_optimizer(str(spec)) == spec
    assert split("a(b=(1, 2), c=','), d") == ["a(b=(1, 2), c=',')", "d"]
