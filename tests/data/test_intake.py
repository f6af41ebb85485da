"""Values of any type become values of a native type, exactly, or are refused by name."""

from __future__ import annotations

import datetime
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from ravine.data import Encoder, Table, from_arrays, prepare
from ravine.data.column import Column
from ravine.data.intake import native_array, native_column, native_frame, native_table
from ravine.errors import DataError

X = np.round(np.random.default_rng(0).normal(size=(40, 3)), 2)
Y = (X[:, 0] > 0).astype(int)
DAYS = pd.Series(pd.date_range("2020-01-01", periods=4))

SAME = {
    "big-endian": (X.astype(">f8"), X),
    "big-endian integers": (Y.astype(">i2"), Y),
    "float16": (X.astype("f2"), X.astype("f2").astype("f4")),
    "longdouble": (X.astype("g"), X),
    "text": (np.array(["a", "bc"]), np.array(["a", "bc"])),
    "bytes": (np.array([b"a", b"\xe9"]), np.array(["a", "é"])),
    "StringDType": (np.array(["a", "bc"], np.dtypes.StringDType()), np.array(["a", "bc"], object)),
    "days": (np.array(["2020-01-02", "NaT"], "M8[D]"), np.array(["2020-01-02", "NaT"], "M8[s]")),
    "weeks": (np.array([3], "M8[W]"), np.array([21], "M8[D]")),
    "10 seconds": (np.array([3], "M8[10s]"), np.array([30], "M8[s]")),
    "hours of durations": (np.array([2, "NaT"], "m8[h]"), np.array([7200, np.nan])),
    "masked numbers": (np.ma.masked_array([1.5, 2.5], [False, True]), np.array([1.5, np.nan])),
    "masked integers": (np.ma.masked_array([1, 2], [False, True]), np.array([1, np.nan])),
    "nothing masked": (np.ma.masked_array([1, 2]), np.array([1, 2])),
    "lists": ([[1, 2], [3, 4]], np.array([[1, 2], [3, 4]])),
}


@pytest.mark.parametrize("name", SAME)
def test_arrays_keep_their_values(name):
    values, expected = SAME[name]
    native = native_array(values, "X")
    np.testing.assert_array_equal(native, expected)
    assert native.dtype.isnative and native.dtype != np.float16


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([[1, 2], [3]], "X is no array, since its rows differ in length"),
        (np.zeros(3, [("a", "f4"), ("b", "i8")]), "X holds records with the fields a, b"),
        (np.zeros(3, "V4"), "X has values of the type"),
        (np.array([1, 1], "g") + np.finfo("g").eps, "more digits than float64"),
        (np.array([2**62], "M8[D]"), "dates that no unit of pandas"),
        (np.array([1], "M8[as]"), "dates that no unit of pandas"),
        (np.array([1], "m8[M]"), "durations in months"),
        (np.ma.masked_array([2**60, 1], [False, True]), "integers beyond 2\\^53"),
    ],
)
def test_values_without_an_exact_form_are_refused(values, says):
    with pytest.raises(DataError, match=says):
        native_array(values, "X")


COLUMNS = {
    "float16": (pd.Series(X[:4, 0].astype("f2")), X[:4, 0].astype("f2").astype("f4")),
    "Decimal": (pd.Series([Decimal("1.5"), None, Decimal("2")], dtype=object), [1.5, np.nan, 2.0]),
    "Fraction": (pd.Series([Fraction(1, 4), 2, 0.5], dtype=object), [0.25, 2.0, 0.5]),
    "integers": (pd.Series([1, 2], dtype=object), [1, 2]),
    "integers with gaps": (pd.Series([1, None], dtype=object), [1.0, np.nan]),
    "large integers": (pd.Series([2**63, 2**64 - 1], dtype=object), np.array([2**63, 2**64 - 1], "u8")),
    "huge integers": (pd.Series([10**30, 10**400], dtype=object), [1e30, np.inf]),
    "bytes": (pd.Series([b"a", b"\xe9"], dtype=object), ["a", "é"]),
    "dates of Python": (
        pd.Series([datetime.date(9999, 12, 31), datetime.date(1, 1, 1), None], dtype=object),
        np.array(["9999-12-31", "0001-01-01", "NaT"], "M8[us]"),
    ),
    "times with zones": (
        pd.Series(
            [datetime.datetime(2020, 1, 1, 2, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))] * 2,
            dtype=object,
        ),
        np.array(["2020-01-01"] * 2, "M8[us]"),
    ),
    "zone": (DAYS.dt.tz_localize("Europe/Berlin"), DAYS - pd.Timedelta(hours=1)),
    "durations": (pd.Series(pd.to_timedelta([90, None], "s")), [90.0, np.nan]),
    "periods": (
        pd.Series(pd.period_range("2020-01", periods=2, freq="M")),
        np.array(["2020-01-01", "2020-02-01"], "M8[ns]"),
    ),
    "sparse": (pd.Series(pd.arrays.SparseArray([0.0, 1.5])), [0.0, 1.5]),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_keep_their_values(name):
    column, expected = COLUMNS[name]
    native = native_column(column.rename("a"))
    assert native.name == "a" and native.index.equals(column.index)
    np.testing.assert_array_equal(native.to_numpy(), np.asarray(expected))
    assert native_column(native).dtype == native.dtype


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("double[pyarrow]", [1.5, None], "Float64"),
        ("double[pyarrow]", [1.5, 2.5], "float64"),
        ("int64[pyarrow]", [1, None], "Int64"),
        ("uint8[pyarrow]", [1, 2], "uint8"),
        ("bool[pyarrow]", [True, None], "boolean"),
    ],
)
def test_columns_of_arrow_become_columns_of_pandas(kind, values, expected):
    pytest.importorskip("pyarrow")
    column = pd.Series(pd.array(values, dtype=kind))
    assert native_column(column).dtype == expected
    assert native_column(column).astype(object).where(column.notna(), None).tolist() == values


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_of_arrow_become_dates(unit):
    pyarrow = pytest.importorskip("pyarrow")
    for zone in (None, "Europe/Berlin"):
        kind = pd.ArrowDtype(pyarrow.timestamp(unit, zone))
        native = native_column(pd.Series(pd.array([0, 1], dtype="int64")).astype(kind))
        assert native.dtype == f"datetime64[{unit}]" and native.astype("int64").tolist() == [0, 1]


def test_a_native_table_is_the_same_object():
    frame = pd.DataFrame(
        {"a": X[:, 0], "b": Y, "c": pd.Categorical(Y), "d": ["x"] * 40, "e": pd.array(Y, "Int64")}
    )
    assert native_frame(frame) is frame
    table = Table(frame, "t", "")
    assert native_table(table) is table


@pytest.mark.parametrize(
    ("frame", "says"), [(pd.DataFrame(), "no rows"), (pd.DataFrame(index=[1]), "no columns")]
)
def test_a_table_without_rows_or_columns_is_refused(frame, says):
    with pytest.raises(DataError, match=says):
        native_table(Table(frame, "t", ""))
    with pytest.raises(DataError, match=says):
        native_table(Table(pd.DataFrame({"a": Y}), "t", "", test=Table(frame, "u", "")))


def test_names_that_occur_twice_stay():
    frame = pd.DataFrame(np.column_stack([X[:, 0], X[:, 1]]), columns=["a", "a"]).astype("f2")
    assert list(native_frame(frame).columns) == ["a", "a"]


@pytest.mark.parametrize("role", ["X", "y", "weights", "groups"])
@pytest.mark.parametrize("values", [np.ones(40) + 1j, np.array([[1, 2]] * 40 + [[]], object)[:40]])
def test_complex_and_nested_values_are_refused_in_every_role(role, values):
    plain = {"X": X, "y": Y, "weights": None, "groups": None}
    given = np.column_stack([values, values]) if role == "X" and values.dtype.kind == "c" else values
    if role == "X" and values.dtype == object:
        return  # an array of objects [N] is refused by its shape
    with pytest.raises(DataError, match=r"(?i)complex|nested"):
        from_arrays(**plain | {role: given})


def test_masked_inputs_and_targets_are_missing():
    masked = np.ma.masked_array(X, mask=np.isclose(X, X.max()))
    data = from_arrays(masked, Y)
    assert np.isnan(data.x).sum() == 1
    target = from_arrays(X, np.ma.masked_array(X[:, 0], mask=np.arange(40) < 3))
    assert len(target) == 37


def test_rows_to_predict_pass_the_same_intake():
    encoder = Encoder((Column("a", "number", 1.0, 2.0), Column("b", "number")))
    plain = encoder.transform(X[:, :2])
    np.testing.assert_array_equal(encoder.transform(X[:, :2].astype(">f8")), plain)
    masked = encoder.transform(np.ma.masked_array(X[:, :2], mask=X[:, :2] > 1))
    np.testing.assert_array_equal(np.isnan(masked), X[:, :2] > 1)
    with pytest.raises(DataError, match="complex"):
        encoder.transform(X[:, :2].astype(complex))
    with pytest.raises(DataError, match="complex"):
        encoder.transform(pd.DataFrame({"a": X[:, 0], "b": X[:, 1] + 0j}))
    with pytest.raises(DataError, match="records"):
        encoder.transform(np.zeros(3, [("a", "f4"), ("b", "f4")]))


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_dates_far_away_are_numbers_of_days(unit):
    seconds = np.arange(40) * 10**8
    frame = pd.DataFrame(
        {"d": (seconds * 10 ** {"s": 0, "ms": 3, "us": 6, "ns": 9}[unit]).astype(f"M8[{unit}]")}
    )
    data = prepare(Table(frame.assign(y=Y), "t", ""), target="y")
    column = data.encoder.columns[0]
    np.testing.assert_allclose(data.x[:, 0] * column.scale + column.center, seconds / 86400, rtol=1e-6)


def test_dates_beyond_nanoseconds_are_read():
    frame = pd.DataFrame({"d": np.array([2**61 + k for k in range(40)], "M8[s]"), "y": Y, "a": X[:, 0]})
    assert np.isfinite(prepare(Table(frame, "t", ""), target="y").x).all()
