"""Which column is the target, which task it makes, and which rows have none."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from ravine.data import Table, prepare, read
from ravine.data.target import date_words
from ravine.errors import DataError

N = 60
A, B = np.random.default_rng(0).normal(size=(2, N))
YES = np.array(["no", "yes"], object)[np.arange(N) % 2]


@pytest.mark.parametrize("target", ["y", 2, -1, "2", "-1", " y "])
def test_a_target_is_a_name_or_an_index(table, target):
    assert prepare(table(a=A, b=B, y=YES), target=target).target == "y"


def test_a_name_that_is_a_number_comes_before_an_index(table):
    assert prepare(table(**{"0": A, "1": B, "2": YES}), target="2").target == "2"
    assert prepare(table(**{"1": YES, "0": B}), target="1").target == "1"


@pytest.mark.parametrize("name", ["target", "Label", "CLASS", "y", "quality"])
def test_a_usual_name_is_taken_and_said(table, notes_of, name):
    data = prepare(table(**{"a": A, name: YES, "b": B}))
    assert data.target == name
    assert notes_of(data, "by its name")


def _plain(label):
    return str(label).removesuffix(".0")


@pytest.mark.parametrize(
    ("y", "task"),
    [
        (YES, "classify"),
        (np.arange(N) % 2 == 0, "classify"),
        (np.where(np.arange(N) % 2, 0.25, 0.75), "classify"),
        (np.arange(N) % 5, "classify"),
        ((np.arange(N) % 5).astype(float), "classify"),
        ((np.arange(N) % 5).astype(str), "classify"),
        (np.arange(N) % 5 + 0.5, "regress"),
        (np.arange(N), "regress"),
        (np.arange(N) % 13, "regress"),  # fewer than five rows each
        (A, "regress"),
        (A.astype(str), "regress"),
    ],
)
def test_the_task_rule(table, y, task):
    data = prepare(table(a=A, b=B, y=y), target="y")
    assert data.task == task
    assert data.y.dtype == (np.int32 if task == "classify" else np.float64)
    if task == "regress":
        np.testing.assert_array_equal(data.y, np.asarray(y, float))
    else:
        assert [_plain(data.classes[i]) for i in data.y] == [_plain(v) for v in np.asarray(y)]


def test_the_task_can_be_said(table):
    quality = np.arange(N) % 5
    assert prepare(table(a=A, quality=quality), task="regress").task == "regress"
    assert len(prepare(table(a=A, y=np.arange(N) // 4), task="classify").classes) == 15


def test_rows_without_a_target_are_left_out_and_said(table, notes_of):
    y = YES.copy()
    y[[0, 5, 7]] = None, "", "?"
    data = prepare(table(a=A, b=B, y=y))
    assert len(data) == N - 3
    assert data.classes == ["no", "yes"]
    assert notes_of(data, "3 rows without a target")


def test_labels_such_as_none_and_unknown_stay_labels(table):
    data = prepare(table(a=A, b=B, y=np.array(["None", "unknown"], object)[np.arange(N) % 2]))
    assert data.classes == ["None", "unknown"]


def test_a_name_above_two_columns_is_no_target():
    twice = Table(pd.DataFrame({"a": A, "y": YES, "y.2": YES}), "t", "0", repeated=frozenset({"y"}))
    with pytest.raises(DataError, match=r"2 columns are named 'y'.*target=1 or target=2"):
        prepare(twice, target="y")
    with pytest.raises(DataError, match="2 columns"):
        prepare(twice)  # a usual name is none the less two
    assert prepare(twice, target=1).target == prepare(twice, target="1").target == "y"
    assert prepare(twice, target="y.2").target == "y.2"
    weighed = dataclasses.replace(twice, frame=twice.frame.assign(y=1.0), repeated=frozenset({"y"}))
    with pytest.raises(DataError, match=r"2 columns.*weights=1 or weights=2"):
        prepare(weighed, target="a", weights="y")


def test_the_reader_tells_which_names_come_twice(tmp_path):
    path = tmp_path / "twice.csv"
    path.write_text("a, y ,y,b\n" + "1,2,3,4\n" * 3)
    assert read(path).repeated == {"y"}
    path.write_text("a,y,z,b\n" + "1,2,3,4\n" * 3)
    assert read(path).repeated == frozenset()


@pytest.mark.parametrize("first", [0, 2**40, 2**62])
def test_dates_are_classes_however_far_away(table, first):
    y = (np.where(np.arange(N) % 2, first, first + 1)).astype("M8[s]")
    data = prepare(table(a=A, b=B, y=y))
    assert data.task == "classify" and len(data.classes) == 2
    np.testing.assert_array_equal(data.y, 1 - np.arange(N) % 2)


def test_dates_as_words():
    dates = np.array(["2020-01-31", "2020-01-31T12:00:00.5", "NaT"], "M8[ns]")
    assert date_words(dates).tolist() == ["2020-01-31 00:00:00", "2020-01-31 12:00:00.5", ""]


def test_dates_are_no_weights(table):
    dates = pd.Series(pd.date_range("2020", periods=N))
    with pytest.raises(DataError, match=r"The weight in row 1 is '2020-01-01"):
        prepare(table(a=A, b=B, y=YES, w=dates), weights="w")
