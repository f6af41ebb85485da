"""Errors: options as each reader writes them, and what errors carry."""

from __future__ import annotations

import pickle

import pytest

from ravine.errors import DataError, RavineError, UsageError, in_python, nearest


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("--label-smoothing 1.5 cannot be used.", "label_smoothing=1.5 cannot be used."),
        ("--effort and --budget contradict.", "effort and budget contradict."),
        ("Add --early-stop 5, or leave it out.", "Add early_stop=5, or leave it out."),
        ("Type --net 64-64.", "Type net='64-64'."),
        ("Type --net '64-64 residual' or --clip inf.", "Type net='64-64 residual' or clip=inf."),
        ("Type `ravine a --lr 1` or --learning-rate 3e-2.", "Type `ravine a --lr 1` or learning_rate=3e-2."),
        ("--min-change belongs to early stopping.", "min_change belongs to early stopping."),
        ("Is --random=30 what you meant?", "Is random=30 what you meant?"),
        ("A dash -- like this, and well--known.", "A dash -- like this, and well--known."),
    ],
)  # fmt: skip
def test_python_users_read_keywords(text, shown):
    assert in_python(text) == shown


def test_the_value_of_the_error_is_recognized():
    error = UsageError(
        "--effort huge cannot be used.", "", "", option="effort", value="huge", allowed=("quick",)
    )
    assert str(error) == "effort='huge' cannot be used."
    assert error.what == "--effort huge cannot be used."
    assert (error.option, error.value, error.allowed) == ("effort", "huge", ("quick",))


@pytest.mark.parametrize("kind", [UsageError, DataError])
def test_errors_are_the_ones_of_python_too(kind):
    error = kind("What.", "Why.", "Fix.")
    assert isinstance(error, RavineError) and isinstance(error, ValueError)
    assert str(error) == "What. Why. Fix."
    assert (error.option, error.value, error.allowed) == (None, None, None)


def test_an_error_passes_between_processes():
    error = UsageError(
        "--learning-rate 0 cannot be used.", "Why.", option="learning_rate", value=0, allowed="above 0"
    )
    again = pickle.loads(pickle.dumps(error))
    assert (again.what, again.why, again.option, str(again)) == (
        error.what,
        error.why,
        "learning_rate",
        str(error),
    )


@pytest.mark.parametrize(
    ("word", "allowed", "meant"),
    [
        ("label", ["target", "Labels"], "Labels"),  # what is there goes before what it is called elsewhere
        ("label", ["target", "lapel"], "target"),
        ("--lr", ["--l1", "--learning-rate"], "--learning-rate"),
        ("wd", ["--weights", "--weight-decay"], "--weight-decay"),
    ],
)
def test_the_one_word_that_was_meant(word, allowed, meant):
    assert nearest(word, allowed) == f"Did you mean '{meant}'?"


@pytest.mark.parametrize(
    ("word", "allowed", "near"),
    [
        ("--noise", ["--verbose", "--net", "--json"], ""),
        ("resnet", ["residual", "dense", "highway"], "Did you mean 'residual'?"),
        ("optimiser", ["optimizer", "metric"], "Did you mean 'optimizer'?"),
        ("acuracy", ["accuracy", "rmse"], "Did you mean 'accuracy'?"),
    ],
)
def test_only_a_near_word_is_suggested(word, allowed, near):
    assert nearest(word, allowed) == near


@pytest.mark.parametrize(("value", "typed"), [(True, "true"), (False, "false"), (None, "none")])
def test_python_shows_true_false_and_none_as_values_of_python(value, typed):
    assert in_python(f"--epochs {typed} cannot be used.", value) == f"epochs={value} cannot be used."
    assert in_python("--epochs true cannot be used.", 3) == "epochs true cannot be used."
