"""Numbers of columns: centered, beyond float32, flattened by one value, codes that mean missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ravine.data import from_arrays, prepare
from ravine.errors import DataError

N = 60
RNG = np.random.default_rng(0)
A, B = RNG.normal(size=N), RNG.normal(size=N)
YES = np.array(["no", "yes"], object)[np.arange(N) % 2]


def encoded(data, value):
    column = data.encoder.columns[0]
    return (value - column.center) / column.scale


def test_inputs_are_centred_by_the_development_rows_in_float64(table):
    a = 1e9 + A  # float32 alone would keep nothing of A
    data = prepare(table(a=a, b=B, y=YES))
    dev = data.development
    expected = (a - a[dev].mean()) / a[dev].std()
    np.testing.assert_allclose(data.x[:, 0], expected, atol=1e-6)


def test_huge_numbers_do_not_overflow(table):
    data = prepare(table(a=A * 1e305, b=B, y=YES))
    np.testing.assert_allclose(data.x[:, 0], prepare(table(a=A, b=B, y=YES)).x[:, 0], rtol=1e-5)


def with_value(value, row):
    values = A.copy()
    values[row] = value
    return values


@pytest.mark.parametrize("value", [1e300, -1e300, 1e39])
@pytest.mark.parametrize("y", [YES, B], ids=["classes", "numbers"])
def test_one_number_beyond_float32_does_not_flatten_its_column(table, notes_of, value, y):
    plain = prepare(table(a=A, b=B, y=y), target="y")
    for row in (int(plain.development[3]), int(plain.test[3])):
        data = prepare(table(a=with_value(value, row), b=B, y=y), target="y")
        (note,) = notes_of(data, "beyond the range of numbers, taken as missing")
        assert f"a (1 row: {value:g} in row {row + 1})" in note
        # where no development row was a gap, one gets their median
        gap = np.nan if row in plain.development else encoded(data, np.median(A[data.development]))
        np.testing.assert_allclose(data.x[row, 0], gap, rtol=1e-5)
        assert np.isnan(data.x[:, 0]).sum() == (row in plain.development)
        assert ("a missing" in data.features) == (row in data.development)
        kept = np.setdiff1d(np.arange(N), row)
        seen = np.setdiff1d(plain.development, row)
        np.testing.assert_allclose(data.x[kept, 0], (A[kept] - A[seen].mean()) / A[seen].std(), rtol=1e-4)
        new = data.encoder.transform(pd.DataFrame({"a": [value], "b": [0.0]}))
        np.testing.assert_allclose(new[0, 0], gap, rtol=1e-5)


def test_a_number_beyond_float32_met_later_is_refused(table):
    data = prepare(table(a=A, b=B, y=YES))
    gaps = prepare(table(a=np.where(np.arange(N) % 7, A, np.nan), b=B, y=YES))
    for encoder in (data.encoder, gaps.encoder):
        with pytest.raises(DataError, match=r"Column 'a' is 1e\+300 in row 3"):
            encoder.transform(pd.DataFrame({"a": with_value(1e300, 2), "b": B}))
    with pytest.raises(DataError, match=r"'a' is 1e\+300 in row 3"):
        prepare(table(a=A, b=B, y=YES), test=table(a=with_value(1e300, 2), b=B, y=YES))
    images = np.abs(np.column_stack([A, B, A, B])).reshape(N, 2, 2)
    images[4, 0, 1] = 1e300
    with pytest.raises(DataError, match=r"'c1' is 1e\+300 in row 5"):
        from_arrays(images, YES)


@pytest.mark.parametrize(
    "values",
    [
        np.where(np.arange(N) % 2, 1.7e308, -1.7e308),
        np.where(np.arange(N) % 3, 1e300, -1e300),
        A * 1e-320,
        np.r_[1e300, np.zeros(N - 1)],
    ],
)
def test_columns_at_the_ends_of_float64_are_scaled_as_others(table, values):
    data = prepare(table(a=A, v=values, y=YES))
    dev = values[data.development] / np.abs(values).max()
    expected = (values / np.abs(values).max() - dev.mean()) / (dev.std() or 1)
    np.testing.assert_allclose(data.x[:, data.features.index("v")], expected, atol=1e-3)


@pytest.mark.parametrize("kind", [object, "Float64"])
def test_a_number_beyond_float32_is_found_in_columns_of_any_kind(table, notes_of, kind):
    values = pd.array([1e300, None, *A[2:]], dtype=kind)
    data = prepare(table(a=values, b=B, y=YES))
    assert notes_of(data, "a (1 row: 1e+300 in row 1)")
    assert np.flatnonzero(np.isnan(data.x[:, 0])).tolist() == [0, 1]


def test_a_column_flattened_by_one_number_is_named(table, notes_of):
    row = int(prepare(table(a=A, y=YES)).development[3])
    data = prepare(table(a=with_value(1e12, row), b=B, y=YES))
    (note,) = notes_of(data, "flattened")
    assert f"a (1 row: 1e+12 in row {row + 1})" in note
    heavy = np.random.default_rng(3).standard_cauchy(N)
    assert not notes_of(prepare(table(a=heavy, b=B, zeros=np.where(A > 1.5, 9.5, 0), y=YES)), "flattened")


def test_columns_of_float32_are_not_suspected(table, notes_of):
    largest = np.full(N, np.finfo(np.float32).max) * np.where(A > 0, 1, -1).astype(np.float32)
    for values in (A.astype(np.float32), largest):
        data = prepare(table(a=values, b=B, y=YES))
        assert np.isfinite(data.x).all()
        assert not notes_of(data, "beyond") + notes_of(data, "flattened")


@pytest.mark.parametrize("code", [-99.0, -999.0, -9999.0])
def test_a_code_far_below_the_rest_is_missing_and_said(table, notes_of, code):
    values = np.where(np.arange(N) % 5, A, code)
    data = prepare(table(a=values, b=B, y=YES))
    assert data.features == ["a", "a missing", "b"]
    np.testing.assert_array_equal(np.isnan(data.x[:, 0]), values == code)
    assert notes_of(data, f"a ({code:g}")


def test_what_is_no_code_stays(table):
    spread = RNG.normal(size=N) * 500
    spread[:3] = -999.0
    once = A.copy()
    once[0] = -999.0
    data = prepare(table(spread=spread, once=once, y=YES))
    assert data.features == ["spread", "once"]


def test_a_spike_is_only_named_until_the_user_says_it_is_missing(table, notes_of):
    days = np.where(np.arange(N) % 4, 999, np.arange(N) // 4 % 8 + 3)
    plain = prepare(table(a=A, pdays=days, y=YES))
    assert notes_of(plain, "pdays (999")
    assert plain.features == ["a", "pdays"]
    said = prepare(table(a=A, pdays=days, y=YES), missing=[999])
    np.testing.assert_array_equal(np.isnan(said.x[:, 1]), days == 999)
