"""Rows unlike those learned from: what was never seen is said, and a gap there is the median."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer

from ravine.data import Scaler, Table, from_arrays, prepare
from ravine.data.unseen_values import unseen_values
from ravine.errors import DataError

N = 60
RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "skewed": np.exp(2 * RNG.normal(size=N)),
        "gappy": np.where(np.arange(N) % 3, RNG.normal(size=N), np.nan),
        "kind": np.array(["p", "q", "r"])[np.arange(N) % 3],
        "day": pd.date_range("2020-01-01", periods=N).astype(str),
        "y": np.arange(N) % 2,
    }
)


def learned(frame=FRAME, **how):
    return prepare(Table(frame, "t", "0"), target="y", **how)


def test_rows_like_those_learned_say_nothing():
    data = learned()
    assert unseen_values(data.encoder, FRAME) == []
    assert unseen_values(data.encoder, FRAME.assign(gappy=np.nan)) == []  # gaps were learned there


def test_each_unlike_column_is_named_with_its_rows():
    new = FRAME.copy()
    new.loc[[0, 3], "kind"] = "alien"
    new.loc[7, "kind"] = None
    new.loc[5, "skewed"] = np.nan
    new.loc[[1, 2], "day"] = ""
    said = unseen_values(learned().encoder, new)
    assert [each.partition(":")[0] for each in said] == ["skewed", "kind", "day"]
    assert "1 row missing" in said[0] and "median" in said[0]
    assert "2 rows" in said[1] and "'alien'" in said[1] and "1 row missing" in said[1]
    assert "2 rows missing" in said[2]


def test_a_test_file_says_it_too():
    held = FRAME.head(9).assign(kind="alien")
    notes = learned(test=Table(held, "held", "0")).notes
    assert [each for each in notes if each.startswith("in the test rows, kind: 9 rows") and "'alien'" in each]


def test_a_code_for_missing_counts_as_a_gap():
    assert unseen_values(learned(missing=[-7]).encoder, FRAME.assign(skewed=-7.0)) == [
        f"skewed: {N} rows missing, none in training; filled with the median"
    ]


@pytest.mark.parametrize("plain", [True, False])
def test_a_gap_in_a_column_that_had_none_is_the_median_as_scikit_learn_fills_it(plain):
    frame = FRAME[["skewed", "y"]] if plain else FRAME
    data = learned(frame)
    new = frame.copy()
    new.loc[4, "skewed"] = np.nan
    filled = new.copy()
    develop = FRAME.iloc[data.development][["skewed"]]
    filled["skewed"] = SimpleImputer(strategy="median").fit(develop).transform(new[["skewed"]])[:, 0]
    assert abs(filled.loc[4, "skewed"] - develop["skewed"].mean()) > 1  # the mean is far from it
    scaler = Scaler.fit(data.x[data.development])
    ours = scaler.apply(data.encoder.transform(new))
    np.testing.assert_allclose(ours, scaler.apply(data.encoder.transform(filled)), rtol=0, atol=1e-6)


def test_a_gap_in_a_date_is_the_median_day():
    data = learned()
    at = data.encoder.features.index("day")
    new = FRAME.copy()
    new.loc[4, "day"] = ""
    days = (pd.to_datetime(FRAME["day"]) - pd.Timestamp(0)).dt.days.to_numpy()[data.development]
    column = next(each for each in data.encoder.columns if each.name == "day")
    expected = (np.median(days) - column.center) / column.scale
    assert data.encoder.transform(new)[4, at] == pytest.approx(expected, abs=1e-6)


def test_the_median_travels_with_the_model():
    from ravine.data import Encoder

    encoder = learned().encoder
    new = FRAME.assign(skewed=np.nan)
    np.testing.assert_array_equal(Encoder.from_json(encoder.to_json()).transform(new), encoder.transform(new))


def test_huge_values_have_a_median():
    x = np.linspace(1e307, 1.7e308, N)[:, None]
    data = from_arrays(np.hstack([x, RNG.normal(size=(N, 1))]), FRAME["y"])
    new = np.array([[np.nan, 0.0]])
    assert np.isfinite(data.encoder.transform(new)).all()


def test_booleans_stay_numbers_where_one_is_missing():
    encoder = learned(FRAME.assign(flag=FRAME.skewed > 1)).encoder
    place = encoder.features.index("flag")
    plain = FRAME.head(3).assign(flag=[True, True, False])
    gappy = plain.assign(flag=np.array([True, None, "FALSE"], object))
    given, found = encoder.transform(plain)[:, place], encoder.transform(gappy)[:, place]
    assert found[0] == given[0] and found[2] == given[2] and given[0] > given[2]
    assert unseen_values(encoder, gappy) == ["flag: 1 row missing, none in training; filled with the median"]
    with pytest.raises(DataError, match="numeric in the training data"):
        encoder.transform(plain.assign(flag=np.array([True, None, "yes"], object)))
