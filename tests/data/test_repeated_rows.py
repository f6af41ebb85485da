"""Repeated rows are those that pandas finds, for columns of all kinds."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.data import repeated_rows as repeated_rows_module
from ravine.data.repeated_rows import count_repeated_rows

VALUES = {
    "float": st.sampled_from([0.0, -0.0, 1.5, np.nan, np.inf, -np.inf, 1e-300]),
    "int": st.sampled_from([0, 1, -1, 2**53, 2**53 + 1]),
    "bool": st.booleans(),
    "word": st.sampled_from(["a", "b", "", None]),
}


@given(st.data())
def test_as_many_as_pandas_finds(data):
    count = data.draw(st.integers(0, 30))
    kinds = data.draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=4))
    columns = {
        f"{k}": data.draw(st.lists(VALUES[kind], min_size=count, max_size=count))
        for k, kind in enumerate(kinds)
    }
    frame = pd.DataFrame(columns)
    assert count_repeated_rows(frame) == int(frame.duplicated().sum())


@pytest.mark.parametrize("dtype", ["category", "string", "Int64", "boolean", "datetime64[ns]", "float32"])
def test_other_types_of_columns(dtype):
    values = {
        "category": ["x", "y", None, "x"],
        "string": ["x", "y", None, "x"],
        "boolean": [True, None, None, True],
    }
    column = pd.Series(values.get(dtype, [1, 2, 3, 1]), dtype=dtype)
    frame = pd.DataFrame({"a": column, "b": 1.0})
    assert count_repeated_rows(frame) == int(frame.duplicated().sum()) > 0


def test_rows_of_equal_hash_are_compared(monkeypatch):
    monkeypatch.setattr(repeated_rows_module, "_row_hashes", lambda frame: np.zeros(len(frame), np.uint64))
    assert count_repeated_rows(pd.DataFrame({"a": [1, 2, 3, 2], "b": [1, 2, 3, 4]})) == 0
    assert count_repeated_rows(pd.DataFrame({"a": [1, 2, 3, 2], "b": [1, 2, 3, 2]})) == 1


def test_hashes_of_different_rows_differ():
    """Columns in another order, and the same values in other rows, count."""
    frame = pd.DataFrame(np.random.default_rng(0).integers(0, 3, (3000, 9)))
    different = frame.drop_duplicates()
    assert len(np.unique(repeated_rows_module._row_hashes(different))) == len(different)
