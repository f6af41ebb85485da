"""What each column is taken for: number, date, words, an identifier that is left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ravine.data import prepare

N = 60
RNG = np.random.default_rng(0)
A, B = RNG.normal(size=N), RNG.normal(size=N)
YES = np.array(["no", "yes"], object)[np.arange(N) % 2]


def test_columns_are_what_they_look_like(table, notes_of):
    data = prepare(
        table(
            a=A,
            gap=np.where(np.arange(N) % 7, B, np.nan),
            text=np.where(np.arange(N) % 9, (B.round(3)).astype(str), " "),
            flag=A > 0,
            kind=np.array(["x", "z", "?"], object)[np.arange(N) % 3],
            date=pd.date_range("2020-01-01", periods=N).strftime("%Y-%m-%d"),
            when=pd.date_range("2020-01-01", periods=N),
            german=pd.date_range("2020-01-01", periods=N).strftime("%d.%m.%Y"),
            rank=np.arange(N) % 4,
            y=YES,
        )
    )
    assert data.features == [
        "a", "gap", "gap missing", "text", "text missing", "flag", "kind=x", "kind=z", "kind missing",
        "date", "when", "german", "rank",
    ]  # fmt: skip
    x = data.x[:, data.features.index("date")]
    np.testing.assert_allclose(x, data.x[:, data.features.index("german")], atol=1e-6)
    np.testing.assert_array_equal(np.isnan(data.x[:, 1]), data.x[:, 2] == 1)
    assert notes_of(data, "text (")
    assert notes_of(data, "kind ('?', ")
    assert notes_of(data, "dates")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("n", np.arange(N)),
        ("n", RNG.permutation(N) + 1000),
        ("EventId", RNG.permutation(10**6)[:N]),
        ("user_id", [f"u{i:05}" for i in RNG.permutation(N)]),
        ("note", [f"text {i}" for i in range(N)]),
        ("sku", RNG.permutation(10**6)[:N]),
        ("fixed", np.ones(N)),
        ("fixed", ["x"] * N),
        ("empty", [np.nan] * N),
        ("empty", [""] * N),
    ],
)
def test_a_column_that_only_names_rows_or_says_nothing_is_left_out_and_named(table, notes_of, name, values):
    data = prepare(table(a=A, b=B, **{name: values}, y=YES))
    assert data.features == ["a", "b"]
    (note,) = notes_of(data, "left out")
    assert name in note


@pytest.mark.parametrize("name", ["n", "EventId", "kind", "fixed", "gap", "code"])
def test_the_values_of_test_rows_decide_nothing(table, name):
    columns = {
        "n": np.arange(N),
        "EventId": RNG.permutation(10**6)[:N],
        "kind": np.array(["x", "z", "w"], object)[np.arange(N) % 3],
        "fixed": np.ones(N),
        "gap": np.where(np.arange(N) % 7, B, np.nan),
        "code": np.where(np.arange(N) % 5, A, -999.0),
    }
    data = prepare(table(a=A, **columns, y=YES))
    other = columns[name].copy()
    other[data.test] = {"kind": ["new"] * 6 + ["x"] * 6}.get(name, np.arange(12) * 37 + 5)
    again = prepare(table(a=A, **(columns | {name: other}), y=YES))
    assert again.encoder == data.encoder
    np.testing.assert_array_equal(again.x[data.development], data.x[data.development])


@pytest.mark.parametrize(
    ("name", "values"),
    [("width", RNG.permutation(10**6)[:N]), ("valid", np.arange(N) % 30), ("year", 1960 + np.arange(N) % 59)],
)
def test_other_whole_numbers_stay(table, name, values):
    assert name in prepare(table(a=A, **{name: values}, y=YES)).features


def test_named_features_stay_whatever_they_are(table):
    data = prepare(table(a=A, n=np.arange(N), y=YES), features=["n"])
    assert data.features == ["n"]
    assert prepare(table(n=np.arange(N), y=YES)).features == ["n"]  # better than none


def test_rare_levels_are_grouped(table, notes_of):
    kinds = [f"k{i % 60}" for i in range(600)]
    data = prepare(table(a=RNG.normal(size=600), kind=kinds, y=np.tile(YES, 10)))
    assert len(data.features) == 52
    assert "kind other" in data.features
    np.testing.assert_array_equal(data.x[:, 1:].sum(1), 1)
    assert notes_of(data, "'other'")


@pytest.mark.parametrize(
    ("values", "kept"), [(np.arange(N) // 2 + 7000, True), (np.arange(N) % 5, False), (A, False)]
)
def test_an_identifier_that_repeats_is_kept_and_named(table, notes_of, values, kept):
    data = prepare(table(a=A, event=values, y=YES), target="y")
    assert "event" in data.features
    assert bool(notes_of(data, "named like identifiers, kept")) == kept
    assert not notes_of(
        prepare(table(a=A, event=values, y=YES), target="y", features=["event"]), "named like"
    )


def test_words_named_like_an_identifier_that_repeat_are_named_too(table, notes_of):
    patients = np.array([f"p{i // 3}" for i in range(N)], object)
    assert notes_of(prepare(table(a=A, patient_id=patients, y=YES), target="y"), "kept (--drop, or --groups")


@pytest.mark.parametrize(
    "form", ["{:.2f}%", "{:.2f} %", "${:.2f}", "€ {:.2f}", "({:.2f})", "{:,.1f}", "1 {:03.0f},5", "-${:.2f}"]
)
def test_numbers_with_other_signs_are_not_called_identifiers(table, notes_of, form):
    dressed = np.array([form.format(1000.25 + 7 * i) for i in range(N)], object)
    data = prepare(table(a=A, price=dressed, y=YES), target="y")
    (note,) = notes_of(data, "numbers with other signs")
    assert "price" in note and dressed[0][:3] in note
    assert data.features == ["a"] and not notes_of(data, "identifiers")


@pytest.mark.parametrize("form", ["id{}", "A-{}", "{}-{}", "10.0.0.{}x", "{} Main St"])
def test_words_with_digits_are_no_numbers(table, notes_of, form):
    words = np.array([form.format(i, i) for i in range(N)], object)
    assert not notes_of(prepare(table(a=A, word=words, y=YES), target="y"), "other signs")
