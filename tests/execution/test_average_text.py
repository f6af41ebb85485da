"""Averages of the weights from text."""

from __future__ import annotations

import pytest

from ravine.errors import UsageError
from ravine.execution.average_text import AVERAGES, read_average


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (None, ("", 0.0)), ("", ("", 0.0)), ("none", ("", 0.0)), ("ema=0.9", ("ema", 0.9)),
        (" EMA=0 ", ("ema", 0.0)), ("tail=0.25", ("tail", 0.25)),
    ],
)  # fmt: skip
def test_an_average_is_read(text, read):
    assert read_average(text) == read


@pytest.mark.parametrize("name", AVERAGES)
def test_a_name_alone_has_a_usual_number(name):
    kind, share = read_average(name)
    assert kind == name and 0 < share < 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mean", "no average of weights named 'mean'"),
        ("ema=1", "below 1"),
        ("tail=-0.1", "at least 0"),
        ("ema=x", "below 1"),
    ],
)
def test_what_is_no_average_is_refused(text, says):
    with pytest.raises(UsageError, match=says):
        read_average(text)
