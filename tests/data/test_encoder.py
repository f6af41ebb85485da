"""The encoder: new frames become the same numbers, in any order, through JSON too."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ravine.data import Encoder, Table, prepare
from ravine.errors import DataError

N = 50


def mixed(seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "size": rng.normal(size=N) * 3 + 1e6,
            "gap": np.where(rng.random(N) < 0.2, np.nan, rng.normal(size=N)),
            "kind": rng.choice(["red", "green", "blue", ""], N),
            "count": rng.integers(0, 5, N),
            "date": pd.to_datetime("2021-03-01") + pd.to_timedelta(rng.integers(0, 99, N), "D"),
            "y": np.arange(N) % 2,
        }
    )


def data_of(frame):
    return prepare(Table(frame, "m", "0"), target="y")


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), order=st.permutations(["size", "gap", "kind", "count", "date", "extra"]))
def test_columns_in_any_order_and_further_ones_give_the_same_numbers(seed, order):
    frame = mixed(seed)
    data = data_of(frame)
    again = Encoder.from_json(json.loads(json.dumps(data.encoder.to_json())))
    assert again == data.encoder
    assert again.features == data.features
    np.testing.assert_array_equal(again.transform(frame.assign(extra=1)[list(order)]), data.x)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_row_is_encoded_alone_as_among_others(seed):
    frame = mixed(seed)
    data = data_of(frame)
    for i in range(0, N, 17):
        np.testing.assert_array_equal(data.encoder.transform(frame.iloc[[i]])[0], data.x[i])


def test_numbers_can_be_undone():
    frame = mixed()
    data = data_of(frame)
    column = data.encoder.columns[0]
    np.testing.assert_allclose(data.x[:, 0] * column.scale + column.center, frame["size"], rtol=1e-6)


def test_an_unseen_level_is_all_zeros():
    frame = mixed()
    data = data_of(frame)
    new = data.encoder.transform(frame.head(1).assign(kind="violet"))
    at = [i for i, name in enumerate(data.features) if name.startswith("kind")]
    assert len(at) == 4
    np.testing.assert_array_equal(new[0, at], 0)


def test_whole_levels_read_as_floats_stay_the_same_levels():
    frame = pd.DataFrame({"k": pd.Series(["1", "2", "x"] * 20, dtype=object), "y": np.arange(60) % 2})
    data = data_of(frame)
    new = data.encoder.transform(pd.DataFrame({"k": [1.0, np.nan, 2.0]}))
    np.testing.assert_array_equal(new, [[1, 0, 0], [0, 0, 0], [0, 1, 0]])


def test_no_rows_give_no_numbers():
    data = data_of(mixed())
    assert data.encoder.transform(mixed().head(0)).shape == (0, len(data.features))


def test_arrays_are_taken_by_position():
    frame = mixed()[["size", "count", "y"]]
    data = data_of(frame)
    np.testing.assert_array_equal(data.encoder.transform(frame[["size", "count"]].to_numpy()), data.x)
    with pytest.raises(DataError, match="2 columns"):
        data.encoder.transform(np.zeros((3, 5)))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: f.drop(columns="size"), "no column 'size'"),
        (lambda f: f.drop(columns=["size", "gap"]), "and 1 more: gap"),
        (lambda f: f.drop(columns="size").assign(sice=1), "Did you mean 'sice'"),
        (
            lambda f: f.assign(size=f["size"].astype(str).where(f.index != 4, "big")),
            "'size' holds 'big' in row 5",
        ),
        (lambda f: f.assign(size=f["size"].where(f.index != 4, np.inf)), "'size' is infinite in row 5"),
        (lambda f: pd.concat([f, f[["size"]]], axis=1), "two columns 'size'"),
        (lambda f: f.assign(date="soon"), "'date' holds 'soon' in row 1"),
    ],
)
def test_what_cannot_be_encoded_is_refused(change, says):
    data = data_of(mixed())
    with pytest.raises(DataError, match=says):
        data.encoder.transform(change(mixed()))


def test_what_is_wrong_with_new_rows_is_said_once_and_can_be_mended():
    data = data_of(mixed())
    with pytest.raises(DataError) as caught:
        data.encoder.transform(mixed().drop(columns="size").rename(columns={"kind": "sort"}))
    assert str(caught.value).count("gap") == 1  # a column there is
    with pytest.raises(DataError) as caught:
        data.encoder.transform(mixed().assign(size=np.inf))
    assert "--" not in str(caught.value)  # `predict` has no --drop
    with pytest.raises(DataError, match="drop='size'"):
        data_of(mixed().assign(size=np.inf))
