"""One reader for texts and for values of TOML and Python."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.errors import UsageError
from ravine.options.fields import options_of
from ravine.options.parse import from_text, from_texts, from_value


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("loaves", "3", 3), ("loaves", "1e0", 1), ("oven_heat", "1e2", 100.0), ("oven_heat", "3", 3.0),
        ("quickly", "Yes", True), ("quickly", "0", False), ("flour", "rye", "rye"),
        ("fruits", 'fig,"pear, ripe", nut', ["fig", "pear, ripe", "nut"]),
        ("colors", "red(light=1,dark=2), blue", ["red(light=1,dark=2)", "blue"]),
        ("steps", "knead, wait", ["knead, wait"]),
    ],
)  # fmt: skip
def test_texts(Baking, key, text, value):
    read = from_text(options_of(Baking)[key], text)
    assert read == value and type(read) is type(value)


def test_a_flag_given_twice_adds_up(Baking):
    assert from_texts(options_of(Baking)["fruits"], ["fig,nut", "pear"]) == ["fig", "nut", "pear"]


@pytest.mark.parametrize(
    ("key", "text"),
    [("loaves", "two"), ("loaves", "2.5"), ("oven_heat", "hot"), ("quickly", "soon"), ("fruits", " , ")],
)
def test_text_that_is_no_value(Baking, key, text):
    with pytest.raises(UsageError) as caught:
        from_text(options_of(Baking)[key], text)
    assert (caught.value.option, caught.value.value) == (key, text)


@pytest.mark.parametrize(
    ("key", "raw", "value"),
    [
        ("loaves", 3.0, 3), ("loaves", np.int64(3), 3), ("loaves", 2**62 + 1, 2**62 + 1),
        ("oven_heat", 3, 3.0), ("oven_heat", np.float32(0.5), 0.5), ("oven_heat", None, None),
        ("flour", 5, "5"), ("fruits", "fig, nut", ["fig, nut"]), ("fruits", ("fig", 5), ["fig", "5"]),
        ("quickly", True, True), ("colors", "red(light=1,dark=2), blue", ["red(light=1,dark=2)", "blue"]),
        ("colors", ["red", "blue"], ["red", "blue"]),
        ("fruits", np.array(["fig", "nut"]), ["fig", "nut"]),
    ],
)  # fmt: skip
def test_values(Baking, key, raw, value):
    read = from_value(options_of(Baking)[key], raw)
    assert read == value and type(read) is type(value)


@pytest.mark.parametrize(
    ("key", "raw"),
    [
        ("loaves", "3"), ("loaves", True), ("loaves", 2.5), ("loaves", None), ("oven_heat", [1]),
        ("quickly", 1), ("flour", True), ("fruits", [True]), ("fruits", {"a": 1}),
    ],
)  # fmt: skip
def test_values_of_another_type(Baking, key, raw):
    with pytest.raises(UsageError, match="cannot be used"):
        from_value(options_of(Baking)[key], raw)


@given(st.floats(allow_nan=False))
def test_a_number_is_read_as_it_was_written(Baking, number):
    assert from_text(options_of(Baking)["oven_heat"], repr(number)) == number
