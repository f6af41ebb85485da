import math
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ravine.errors import DataError, UsageError
from ravine.records.toml_files import dump, load

text = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False) | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None)
@given(st.dictionaries(text, values, max_size=6))
def test_round_trip(table):
    assert tomllib.loads(dump(table)) == table


@given(st.dictionaries(text, values, max_size=6))
@settings(deadline=None, max_examples=30)
def test_types_survive(table):
    def shape(value):
        if isinstance(value, dict):
            return {key: shape(item) for key, item in value.items()}
        return [shape(item) for item in value] if isinstance(value, list) else type(value)

    assert shape(tomllib.loads(dump(table))) == shape(table)


def test_numpy_paths_none_and_nan():
    table = {
        "a": np.float64(0.5),
        "b": Path("x/y"),
        "c": None,
        "d": (1, np.int64(2)),
        "e": np.arange(2),
        "f": {"g": None},
    }
    assert tomllib.loads(dump(table)) == {"a": 0.5, "b": "x/y", "d": [1, 2], "e": [0, 1], "f": {}}
    assert math.isnan(tomllib.loads(dump({"x": math.nan}))["x"])


@pytest.mark.parametrize(
    "bad", [{"a": object()}, {"a": [None]}, {1: 2}, {"a": {"b": {1}}}, {"a": "\udc80"}, {"\udc80": 1}]
)
def test_what_toml_cannot_hold(bad):
    with pytest.raises(UsageError, match="configuration"):
        dump(bad)


def test_load(tmp_path):
    path = tmp_path / "c.toml"
    path.write_bytes(b"\xef\xbb\xbfeffort = 'quick'\n")
    assert load(path) == {"effort": "quick"}
    for blob in (b"a = ", b"a = 1\na = 2", b"\xff", b"a = " + b"9" * 5_000, b"a = " + b"[" * 5_000):
        path.write_bytes(blob)
        with pytest.raises(UsageError, match="not a TOML file") as caught:
            load(path)
        assert caught.value.status == 2
    with pytest.raises(DataError, match="There is no"):
        load(tmp_path / "none.toml")
