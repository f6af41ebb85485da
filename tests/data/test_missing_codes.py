"""Codes for missing values: in one column, in several, and in the target."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ravine.data import from_arrays, prepare
from ravine.data.missing_codes import MISSING_CODES, extremes, missing_codes, suspects

N = 400
RNG = np.random.default_rng(0)
A, B = RNG.normal(size=N), RNG.normal(size=N)
HOLES = np.arange(N) % 10 == 3  # 40 rows


@pytest.mark.parametrize("code", MISSING_CODES)
def test_a_code_lies_far_below_and_occurs_twice(code):
    values = np.where(HOLES, code, A)
    assert missing_codes(values) == [code]
    assert missing_codes(np.append(A, code)) == []
    assert missing_codes(np.append(np.linspace(-150, 0, 20), [-99, -99])) == []
    assert missing_codes(np.where(HOLES, code, np.abs(A) * 1e4)) == [code]  # otherwise never negative


def test_a_code_of_another_column_needs_only_be_the_lowest():
    near = np.append(np.linspace(-90, 90, 50), [-99.0])  # once, and close to the others
    assert missing_codes(near) == []
    assert missing_codes(near, known=[-99.0]) == [-99.0]
    assert missing_codes(np.append(near, -100.0), known=[-99.0]) == []
    assert missing_codes(np.append(near, [-999.0, -999.0]), known=[-99.0]) == [-999.0, -99.0]


def test_a_frequent_extreme_is_suspected_in_every_column_that_shares_it():
    far = np.where(HOLES, -77.0, A)
    near = np.where(HOLES, -77.0, 30 * A.clip(-2, 2))
    other = np.where(HOLES, -55.0, 30 * A.clip(-1, 1))
    found = [*extremes("far", far), *extremes("near", near), *extremes("other", other)]
    assert [(extreme.name, extreme.value) for extreme in suspects(found)] == [("far", -77), ("near", -77)]
    assert suspects(extremes("near", near)) == []
    assert suspects(extremes("rare", np.append(A, [-77.0] * 3))) == []


def test_a_usual_code_that_two_columns_share_is_suspected():
    low = [np.where(HOLES, -99.0, 40 * values.clip(-2, 2)) for values in (A, B)]
    found = [extreme for name, values in zip("ab", low, strict=True) for extreme in extremes(name, values)]
    assert [extreme.name for extreme in suspects(found)] == ["a", "b"]
    assert suspects(extremes("a", low[0])) == []


def test_one_code_of_several_columns_is_taken_as_missing_in_all(table, notes_of):
    near = np.where(np.arange(N) % 7 == 1, -99.0, 40 * B.clip(-2, 2))
    alone = prepare(table(a=A, near=near, y=B), target="y")
    assert "near missing" not in alone.features
    data = prepare(table(a=np.where(HOLES, -99.0, A), near=near, y=B), target="y")
    assert {"a missing", "near missing"} <= set(data.features)
    (note,) = notes_of(data, "taken as missing")
    assert "a (-99" in note and "near (-99" in note


def frame():
    """The table of a user: 2,000 rows, the target -99 in 5 % of them."""
    random = np.random.default_rng(0)
    x = random.normal(size=(2000, 3))
    y = np.round(10 + x @ [1, 2, 3], 2)
    y[random.random(2000) < 0.05] = -99
    return pd.DataFrame(x, columns=list("abc")).assign(y=y)


@pytest.mark.parametrize("missing", [None, ["-99"], ["-99", "?"]])
def test_rows_whose_target_is_a_code_are_left_out(table, notes_of, missing):
    rows = frame()
    coded = int((rows.y == -99).sum())
    data = prepare(table(**rows), target="y", missing=missing)
    assert len(data) == 2000 - coded and data.y.min() > -20
    (note,) = notes_of(data, "without a target left out")
    assert note == f"{coded} rows without a target left out ({coded} of them hold -99, taken as missing)"
    kept = rows.y.to_numpy()[rows.y.to_numpy() != -99]
    np.testing.assert_array_equal(np.sort(data.y), np.sort(kept))


def test_the_test_file_and_arrays_lose_these_rows_too(table, notes_of):
    rows, other = frame(), frame().iloc[:300]
    data = prepare(table(**rows), target="y", test=table(**other))
    assert len(data.test) == int((other.y != -99).sum())
    assert notes_of(data, "rows of the test file without a target")
    data = from_arrays(rows[list("abc")].to_numpy(), rows.y.to_numpy(), missing=[-99])
    assert len(data) == int((rows.y != -99).sum())


@pytest.mark.parametrize(
    ("labels", "missing"),
    [(["1", "2", "-99"], ["-99"]), (["yes", "no", "none"], ["None"]), ([0, 1, -99], None), ([3, 4, 9], [9])],
)
def test_a_code_is_no_class(table, labels, missing):
    y = np.array(labels, object if isinstance(labels[0], str) else int)[np.arange(N) % 3]
    data = prepare(table(a=A, b=B, y=y), target="y", missing=missing)
    assert [str(label) for label in data.classes] == sorted(str(label) for label in labels[:2])
    assert len(data) == int(np.sum(np.arange(N) % 3 != 2))


def test_a_code_of_the_inputs_is_one_of_the_target(table):
    y = np.where(HOLES, -99.0, 60 * A.clip(-1.5, 1.5))  # -99 is near: nobody would see it in y alone
    assert len(prepare(table(a=A, b=B, y=y), target="y")) == N
    assert len(prepare(table(a=np.where(HOLES[::-1], -99.0, A), b=B, y=y), target="y")) == N - HOLES.sum()


def test_honest_negative_targets_stay(table):
    for y in (-99 + 5 * A, np.round(-99 + 30 * A), -np.abs(A) * 1000 - 999):
        assert len(prepare(table(a=A, b=B, y=y), target="y")) == N
