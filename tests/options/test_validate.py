"""Values that an option cannot have: the error carries option, value and what is allowed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ravine
from ravine.errors import OptionError, UsageError
from ravine.execution.registry import STUDIES, find_study
from ravine.options.fields import options_of
from ravine.options.resolve import resolve

COLUMNS = {"target", "features", "drop", "weights", "groups"}
FREE = COLUMNS | {"source", "missing", "model", "plot_schedule", "vary"}
"""Options that take any text; the data, or the design of a sweep, decide on it."""

OPTIONS = [(name, key) for name in STUDIES for key in options_of(find_study(name).settings)]
CHECKED = [(name, key) for name, key in OPTIONS if key not in FREE]


def wrong_text(kind: type, key: str) -> str:
    """Return a text that an option cannot have."""
    return "perhaps" if kind is bool else "1.5" if key == "test" else "-1" if kind is not str else "no(such"


@pytest.mark.parametrize(("name", "key"), OPTIONS)
def test_python_users_read_the_keyword(name: str, key: str) -> None:
    settings, wrong = find_study(name).settings, object()
    option = options_of(settings)[key]
    with pytest.raises(UsageError) as caught:
        settings.from_dict({key: wrong})
    assert (caught.value.option, caught.value.value) == (key, wrong)
    assert caught.value.allowed
    assert option.positional or (str(caught.value).startswith(key) and option.flag not in str(caught.value))


@pytest.mark.parametrize(("name", "key"), CHECKED)
def test_command_line_users_read_the_flag(name: str, key: str) -> None:
    settings = find_study(name).settings
    option = options_of(settings)[key]
    text = wrong_text(option.kind, key)
    with pytest.raises(UsageError) as caught:
        resolve(settings, {key: (text,) if option.many else text}, environment={})
    error = caught.value
    assert error.option == key and error.allowed
    assert str(error.value) in (text, "-1.0")
    name = option.key if option.default is True else option.flag  # the flag `--no-KEY` takes no value
    assert name in error.what or f"'{text}'" in error.what
    assert option.default is True or not error.what.startswith(key)


FRAME = pd.DataFrame(
    {"size": np.linspace(0, 1, 60), "below": -np.ones(60), "word": ["a", "b"] * 30, "kind": list("abc") * 20}
)
NUMBERS = FRAME.assign(kind=np.linspace(0, 1, 60))


@pytest.mark.parametrize(
    ("function", "frame", "options", "option"),
    [
        (ravine.train, FRAME, {"target": "nothing"}, "target"),
        (ravine.train, FRAME, {"target": "17"}, "target"),
        (ravine.train, FRAME, {"features": ["nothing"]}, "features"),
        (ravine.train, FRAME, {"features": ["kind"]}, "features"),
        (ravine.train, FRAME, {"drop": ["17"]}, "drop"),
        (ravine.train, FRAME, {"weights": "nothing"}, "weights"),
        (ravine.train, FRAME, {"weights": "kind"}, "weights"),
        (ravine.train, FRAME, {"weights": "word"}, "weights"),
        (ravine.train, FRAME, {"weights": "below"}, "negative_weights"),
        (ravine.train, FRAME, {"groups": "kind"}, "groups"),
        (ravine.train, FRAME, {"test": "nothing.csv"}, "test"),
        (ravine.train, FRAME, {"test": 1.5}, "test"),
        (ravine.train, FRAME, {"test": object()}, "test"),
        (ravine.train, FRAME, {"task": "regress"}, "task"),
        (ravine.train, FRAME, {"metric": "rmse"}, "metric"),
        (ravine.train, FRAME, {"metric": "auc"}, "metric"),
        (ravine.train, FRAME, {"net": "conv=8"}, "net"),
        (ravine.train, FRAME, {"net": "4 slope=0.1"}, "net"),
        (ravine.train, FRAME, {"net": "4 batchnorm", "batch_size": 1}, "batch_size"),
        (ravine.train, FRAME, {"optimizer": "sgd(rho=1)"}, "optimizer"),
        (ravine.train, FRAME, {"optimizer": "momentum(rho=2)"}, "optimizer"),
        (ravine.train, FRAME, {"augment": "flip"}, "augment"),
        (ravine.train, FRAME, {"min_change": 0.1}, "min_change"),
        (ravine.train, FRAME, {"hyper_schedule": ["b3=linear"]}, "hyper_schedule"),
        (ravine.train, FRAME, {"hyper_schedule": ["l2=linear"]}, "hyper_schedule"),
        (ravine.train, FRAME, {"hyper_schedule": ["b1=plateau"]}, "hyper_schedule"),
        (ravine.train, FRAME, {"hyper_schedule": ["b1=cosine", "b1=linear"]}, "hyper_schedule"),
        (ravine.train, NUMBERS, {"label_smoothing": 0.1}, "label_smoothing"),
        (ravine.compare, FRAME, {"optimizers": ["sgd", "sgd"]}, "optimizers"),
        (ravine.compare, FRAME, {"optimizers": []}, "optimizers"),
        (ravine.compare, FRAME, {"schedules": ["decay", "decay"]}, "schedules"),
        (ravine.compare, FRAME, {"effort": "quick", "budget": "60s"}, "effort"),
        (ravine.landscape, FRAME, {"early_stop": 3}, "early_stop"),
        (ravine.diagnose, FRAME, {"seeds": 2_000}, "seeds"),
        (ravine.memorize, NUMBERS, {}, "target"),
        (ravine.memorize, FRAME, {"metric": "log_loss"}, "metric"),
        (ravine.sweep, FRAME, {"vary": []}, "vary"),
        (ravine.sweep, FRAME, {"vary": "nothing=1,2"}, "vary"),
        (ravine.sweep, FRAME, {"vary": "seed=1,2"}, "vary"),
        (ravine.sweep, FRAME, {"vary": "l2=1..0"}, "vary"),
        (ravine.sweep, FRAME, {"vary": "l2=1,1"}, "vary"),
        (ravine.sweep, FRAME, {"vary": "width=2.5,1"}, "vary"),
        (ravine.sweep, FRAME, {"vary": "l2=0,-1"}, "l2"),
        (ravine.sweep, FRAME, {"vary": "l2=0,1", "random": 5}, "random"),
        (ravine.sweep, FRAME, {"vary": "l2=0..1", "random": 2_000}, "random"),
    ],
)  # fmt: skip
def test_values_that_do_not_fit_the_data_or_each_other(function, frame, options, option):
    with pytest.raises(OptionError) as caught:
        function(frame, **{"target": "kind", **options})
    assert caught.value.option == option and caught.value.allowed
    assert "--" not in str(caught.value)
