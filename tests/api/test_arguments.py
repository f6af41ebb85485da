"""Python arguments: files, tables and arrays become settings and a data set, and nothing is ignored."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ravine.api.arguments import parse_arguments
from ravine.errors import DataError, UsageError
from ravine.studies.train.settings import TrainSettings

ROWS = 60
random = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "a": random.normal(size=ROWS),
        "b": random.normal(size=ROWS),
        "w": 1 + np.arange(ROWS) % 30 * 0.5,
        "y": np.arange(ROWS) % 2,
    }
)
X, Y = FRAME[["a", "b", "w"]], FRAME["y"]


def given(X, y=None, *, weights=None, groups=None, test=None, **settings):
    return parse_arguments(TrainSettings, X, y, weights, groups, test, settings)[1]


@pytest.mark.parametrize("how", [(FRAME, "y"), (FRAME, 3), (FRAME, -1), (X, Y), (X.to_numpy(), Y.to_numpy())])
def test_columns_are_chosen_alike_however_data_come(how):
    plain = isinstance(how[0], np.ndarray)
    first, last = ("c0", "c2") if plain else ("a", "w")
    assert len(given(*how).features) == 3
    assert given(*how, drop=[first]).features == (["c1", "c2"] if plain else ["b", "w"])
    assert given(*how, features=[last, first]).features == [last, first]
    with pytest.raises(DataError, match="no drop column 'q'"):
        given(*how, drop=["q"])


@pytest.mark.parametrize("how", [(FRAME, "y"), (X, Y), (X.to_numpy(), Y.to_numpy())])
def test_fewer_rows_are_drawn_however_data_come(how):
    whole, drawn = given(*how), given(*how, rows=20)
    assert len(drawn.development) == 20 and drawn.unused == len(whole.development) - 20
    assert len(drawn.test) == len(whole.test)


def test_missing_codes_reach_arrays():
    x = X.to_numpy().copy()
    x[::7, 0] = -1500.0
    assert len(given(x, Y).features) == 3
    data = given(x, Y, missing=[-1500])
    assert len(data.features) == 4  # an indicator in addition to it
    assert np.isnan(data.x[::7, 0]).all()
    np.testing.assert_array_equal(data.x, given(x, Y, missing=["-1500"]).x)


@pytest.mark.parametrize("how", [(FRAME, "y"), (X, Y), (X.to_numpy(), Y)])
def test_negative_weights_are_a_choice_however_data_come(how):
    weights = np.where(np.arange(ROWS) == 5, -2.0, 1.0)
    with pytest.raises(DataError, match=r"1 weights .* are negative"):
        given(*how, weights=weights)
    assert given(*how, weights=weights, negative_weights="abs").weights[5] == 2
    assert given(*how, weights=weights, negative_weights="keep").weights[5] == -2
    assert len(given(*how, weights=weights, negative_weights="drop")) == ROWS - 1


@pytest.mark.parametrize("how", [(FRAME, "y"), (X, Y)])
def test_weights_and_groups_may_name_columns(how):
    data = given(*how, weights="w")
    assert data.features == ["a", "b"]
    np.testing.assert_array_equal(data.weights, FRAME["w"])
    grouped = given(*how, groups="w", weights=np.ones(ROWS))
    assert grouped.features == ["a", "b"]
    assert len(np.unique(grouped.groups)) == 30


@pytest.mark.parametrize("how", [(FRAME, "y"), (X, Y)])
@pytest.mark.parametrize("whole", [True, False])
def test_a_test_table(how, whole):
    held = FRAME.tail(20).set_axis(range(20))
    held = held[["y", "w", "b", "a"]] if whole else (held[["w", "b", "a"]], held["y"])
    data = given(*how, test=held)
    assert (len(data), len(data.development), len(data.test)) == (ROWS + 20, ROWS, 20)
    np.testing.assert_array_equal(data.x[data.test], data.x[ROWS - 20 : ROWS])
    np.testing.assert_array_equal(data.y[data.test], data.y[ROWS - 20 : ROWS])


def test_a_test_pair_may_be_arrays_beside_a_frame():
    held = FRAME.tail(20)
    data = given(FRAME, "y", test=(held[["a", "b", "w"]].to_numpy(), held["y"].to_numpy()))
    np.testing.assert_array_equal(data.x, given(FRAME, "y", test=held).x)
    np.testing.assert_array_equal(data.y, given(FRAME, "y", test=held).y)


@pytest.mark.parametrize("rows", [FRAME.tail(20), FRAME[["a", "b", "w"]].tail(20).to_numpy()])
def test_a_test_pair_of_unequal_lengths_is_refused(rows):
    with pytest.raises(DataError, match=r"are 20 test rows, and their target has shape \(19,\)"):
        given(FRAME, "y", test=(rows, np.zeros(19)))


def test_test_rows_of_another_width_are_refused():
    with pytest.raises(DataError, match=r"shape \(20, 2\)"):
        given(FRAME, "y", test=(np.zeros((20, 2)), np.zeros(20)))


def test_a_share_however_it_is_written():
    for share in (0.5, "0.5", np.float64(0.5), np.float32(0.5)):
        assert len(given(X, Y, test=share).test) == len(given(FRAME, "y", test=share).test) == ROWS // 2


def test_names_that_are_numbers_and_names_that_come_twice():
    numbered = FRAME.set_axis([0, 1, 2, 3], axis=1)
    assert given(numbered, 3).target == "3"
    twice = pd.concat([FRAME, FRAME[["a"]]], axis=1)
    assert given(twice, "y").features == ["a", "b", "w", "a.2"]
    twice = pd.concat([FRAME, FRAME[["y"]]], axis=1)
    with pytest.raises(DataError, match=r"2 columns are named 'y'.*target=3 or target=4"):
        given(twice, "y")
    assert given(twice, 4).target == "y.2"


@pytest.mark.parametrize(
    ("how", "more", "says"),
    [
        ((X,), {}, "no target"),
        ((X, Y), {"target": "a"}, "keyword target cannot be used"),
        ((FRAME, "y"), {"target": "a"}, "keyword target cannot be used"),
        ((X, Y), {"test": FRAME.drop(columns="y")}, "no target"),
        ((X, Y.to_numpy()), {"test": FRAME}, "has no name"),
        ((X, Y), {"test": object()}, "a share of the rows or .X, y."),
        ((FRAME, "y"), {"test": object()}, "a share, a DataFrame, .X, y. or a file"),
        ((FRAME, "y"), {"test": True}, "a share, a DataFrame, .X, y. or a file"),
        ((X, Y), {"test": 2}, "cannot be held out"),
        (("iris", Y), {}, "y does not name a column"),
        (("iris", None), {"weights": np.ones(150)}, "weights does not name a column"),
        (("iris", None), {"test": FRAME}, "a share of the rows or a file"),
    ],
)
def test_what_contradicts_itself_is_refused(how, more, says):
    with pytest.raises(UsageError, match=says):
        given(*how, **more)


def test_the_target_may_be_named_as_a_setting():
    assert given(FRAME, target="y").target == "y"
    assert given("iris", target="petal width (cm)").target == "petal width (cm)"


def test_a_metric_without_a_value_on_the_test_rows_is_refused_for_arrays_too():
    y = random.normal(size=ROWS)
    with pytest.raises(DataError, match="'r2' has no value on the test rows"):
        given(X, y, metric="r2", test=(X.head(9), np.full(9, 1.5)))


@pytest.mark.parametrize("unit", [1e-45, 1e40])
def test_a_target_whose_errors_float32_cannot_hold_is_refused(unit):
    y = random.normal(size=ROWS) * unit
    for how in ((X, y), (X.assign(t=y), "t")):
        with pytest.raises(DataError, match=r"standard deviation of .*float64"):
            given(*how)
        data = given(*how, precision="float64")
        assert data.y.std() > 0.1 * unit
    assert given(X, y / unit * 1e-27).task == "regress"
