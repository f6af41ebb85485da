"""From a table to a data set: test parts, weights, groups, and everything that is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ravine.data import prepare, read
from ravine.errors import DataError

N = 60
A, B = np.random.default_rng(0).normal(size=(2, N))
YES = np.array(["no", "yes"], object)[np.arange(N) % 2]


def test_a_share_is_held_out_with_every_class(table):
    data = prepare(table(a=A, y=YES), test=0.5)
    assert len(data.test) == 30
    assert set(data.y[data.test]) == {0, 1}
    assert not set(data.test) & set(data.development)


def test_a_test_table_in_another_order_and_spelling(table, notes_of):
    train = table(a=A, kind=np.array(["x", "z"])[np.arange(N) % 2], y=np.where(A > 0, ">50K", "<=50K"))
    test = table(more=B[:9], y=np.where(A[:9] > 0, " >50K. ", "<=50K."), kind=["x", "q", "?"] * 3, a=A[:9])
    data = prepare(train, target="y", test=test)
    np.testing.assert_array_equal(data.test, np.arange(N, N + 9))
    np.testing.assert_array_equal(data.y[data.test], data.y[:9])
    np.testing.assert_allclose(data.x[data.test, 0], data.x[:9, 0])
    np.testing.assert_array_equal(data.x[data.test[1], 1:], [0, 0])  # an unseen level
    assert notes_of(data, "spelled otherwise")


def test_a_test_table_without_header_is_matched_by_position(table, notes_of):
    train = table(a=A, b=B, y=YES)
    test = table(c0=A[:6], c1=B[:6], c2=YES[:6], header=False)
    data = prepare(train, target="y", test=test)
    np.testing.assert_allclose(data.x[data.test], data.x[:6])
    assert notes_of(data, "by position")


@pytest.mark.parametrize(
    ("test", "says"),
    [
        (dict(a=A, y=YES), "has no column 'b'"),
        (dict(a=A, b=B, y=["maybe"] * N), "label 'maybe'"),
        (dict(a=["w"] * N, b=B, y=YES), "'a' holds 'w' in row 1"),
        (dict(a=A, b=B, y=[None] * N), "missing in every row"),
        (dict(a=np.full(N, np.inf), b=B, y=YES), "infinite in row 1"),
    ],
)
def test_an_unfit_test_table_is_refused(table, test, says):
    with pytest.raises(DataError, match=says):
        prepare(table(a=A, b=B, y=YES), target="y", test=table(**test))


def test_weights_and_groups_are_no_inputs(table):
    data = prepare(table(a=A, w=np.abs(B), g=np.arange(N) // 5, y=YES), target="y", weights="w", groups="g")
    assert data.features == ["a"]
    np.testing.assert_array_equal(data.weights, np.abs(B))
    assert not set(data.groups[data.development]) & set(data.groups[data.test])


def test_negative_weights_are_a_choice(table):
    whole = table(a=A, w=B, y=YES)
    with pytest.raises(DataError, match="negative"):
        prepare(whole, weights="w")
    np.testing.assert_array_equal(prepare(whole, weights="w", negative_weights="keep").weights, B)
    np.testing.assert_array_equal(prepare(whole, weights="w", negative_weights="abs").weights, np.abs(B))
    np.testing.assert_array_equal(prepare(whole, weights="w", negative_weights="drop").weights, B[B >= 0])


def infinite(row):
    values = A.copy()
    values[row] = -np.inf
    return values


GAP = np.where(np.arange(N) < 6, None, YES)
RARE = np.where(np.arange(N) == 3, "odd", YES)


@pytest.mark.parametrize(
    ("columns", "options", "says"),
    [
        ({"a": A, "b": B}, {}, "Which column is the target"),
        ({"a": A, "price": YES}, {"target": "prize"}, "Did you mean 'price'"),
        ({"a": A, "y": YES}, {"target": 7}, "no column 7"),
        ({"a": A, "y": YES}, {"target": "-3"}, "no column -3"),
        ({"a": A, "y": YES}, {"drop": ["b"]}, "no drop column 'b'"),
        ({"a": A, "y": YES}, {"features": ["y"]}, "'y' is not a feature"),
        ({"a": A, "y": YES}, {"drop": ["a"]}, "No feature is left"),
        ({"y": YES}, {}, "No feature is left"),
        ({"a": np.ones(N), "y": YES}, {}, "No feature is left"),
        ({"a": A, "y": YES}, {"task": "regress"}, "holds 'no'"),
        ({"a": A, "y": YES}, {"task": "rank"}, "no task 'rank'"),
        ({"a": A, "y": ["x"] * N}, {}, "has one class"),
        ({"a": A, "y": np.ones(N)}, {"task": "regress"}, "is 1 in every row"),
        ({"a": A, "y": [None] * N}, {}, "missing in every row"),
        ({"a": A[:1], "y": YES[:1]}, {}, "one row"),
        ({"a": A[:0], "y": YES[:0]}, {}, "missing in every row|no row"),
        ({"a": infinite(4), "y": YES}, {}, "Column 'a' is infinite in row 5 "),
        ({"a": infinite(9), "y": GAP}, {}, "Column 'a' is infinite in row 10 "),
        ({"a": A, "y": infinite(4)}, {}, "infinite in row 5"),
        ({"a": A, "y": RARE}, {}, r"a class with too few rows: 'odd' \(1\)"),
        ({"a": A, "y": [f"n{i}" for i in range(N)]}, {}, "60 classes in 60 rows"),
        ({"a": A, "y": YES, "w": np.zeros(N)}, {"weights": "w"}, "are 0"),
        ({"a": A, "y": YES, "w": np.where(A > 0, 1, np.nan)}, {"weights": "w"}, "weight in row"),
        ({"a": A, "y": YES, "w": B}, {"weights": "v"}, "no weights column 'v'"),
        ({"a": A, "y": YES, "g": np.zeros(N)}, {"groups": "g"}, "one group"),
        ({"a": A, "y": YES}, {"weights": "y", "target": "y"}, "is the target"),
        ({"a": A, "y": YES}, {"test": 1.5}, "between 0 and 1"),
    ],
)
def test_what_cannot_be_learned_is_refused_with_a_sentence(table, columns, options, says):
    with pytest.raises(DataError, match=says) as caught:
        prepare(table(**columns), **options)
    assert caught.value.what and caught.value.why and caught.value.fix


def test_a_data_set_is_frozen_and_shows_itself():
    data = prepare(read("iris"))
    assert "150 rows (30 test), 4 features" in repr(data)
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.seed = 1


M = 1_000
WIDE = np.random.default_rng(1).normal(size=M)
THIRD = np.array(["p", "q", "r"], object)[np.minimum(np.arange(M) % 8, 2)]  # shares 1/8, 1/8 and 6/8


def test_fewer_rows_keep_the_test_rows_and_the_shares_of_the_classes(table, notes_of):
    whole, drawn = (
        prepare(table(a=WIDE, y=THIRD, w=1 + np.arange(M)), weights="w", rows=rows) for rows in (0, 200)
    )
    assert len(drawn.development) == 200 and drawn.unused == 600 and whole.unused == 0
    assert set(drawn.row_numbers[drawn.test]) == set(whole.row_numbers[whole.test])
    assert set(drawn.row_numbers[drawn.development]) < set(whole.row_numbers[whole.development])
    np.testing.assert_array_equal(np.bincount(drawn.y[drawn.development]), [25, 25, 150])
    rows = drawn.row_numbers - 1
    np.testing.assert_array_equal(drawn.weights, 1 + rows)
    np.testing.assert_array_equal([drawn.classes[k] for k in drawn.y], THIRD[rows])
    scaled = drawn.encoder.columns[0]
    np.testing.assert_allclose(drawn.x[:, 0], (WIDE[rows] - scaled.center) / scaled.scale, rtol=1e-6)
    assert scaled.center == pytest.approx(WIDE[rows[drawn.development]].mean())
    assert notes_of(drawn, "200 training and validation rows drawn at random, 600 left out (--rows)")


def test_the_rows_that_are_drawn_depend_on_the_seed_alone(table):
    def drawn(seed):
        data = prepare(table(a=WIDE, y=2 * WIDE), rows=100, seed=seed, test=table(a=WIDE[:9], y=WIDE[:9]))
        np.testing.assert_array_equal(data.test, np.arange(100, 109))
        np.testing.assert_allclose(data.y[:100], 2 * WIDE[data.row_numbers[:100] - 1])
        return data.row_numbers.tolist()

    assert drawn(0) == drawn(0) != drawn(1)


@pytest.mark.parametrize("rows", [11, 50, 299, 301])
def test_whole_groups_are_drawn(table, rows):
    group = np.arange(M) // 10
    whole, drawn = (prepare(table(a=WIDE, y=2 * WIDE, g=group), groups="g", rows=n) for n in (0, rows))
    assert rows <= len(drawn.development) < rows + 10
    every, kept = (data.row_numbers[data.development] - 1 for data in (whole, drawn))
    assert set(kept) == {row for row in every if group[row] in set(group[kept])}
    assert len(drawn.groups) == len(drawn.x) == len(kept) + len(whole.test)
    assert len(np.unique(drawn.groups)) == len(np.unique(group[drawn.row_numbers - 1]))


@pytest.mark.parametrize(
    ("columns", "options", "says"),
    [
        ({"y": THIRD}, {"rows": 3}, "rows=3 leaves one row of class 'p'"),
        ({"y": np.where(WIDE < 2, 0.0, WIDE)}, {"rows": 1}, "rows=1 leaves one value of the target"),
        ({"y": WIDE, "w": np.arange(M) == 7}, {"rows": 5, "weights": "w"}, "leaves only rows of weight 0"),
        ({"y": WIDE, "g": np.arange(M) // 10}, {"rows": 5, "groups": "g"}, "leaves rows of one group alone"),
    ],
)  # fmt: skip
def test_too_few_rows_are_refused_with_a_larger_number(table, columns, options, says):
    with pytest.raises(DataError, match=says) as caught:
        prepare(table(a=WIDE, **columns), target="y", **options)
    assert caught.value.fix == "Type a larger number of rows." and caught.value.option == "rows"


def test_all_weights_are_checked_before_rows_are_drawn(table):
    """A negative weight among the rows that are left out would refuse the training on all rows."""
    weights = np.ones(M)
    weights[np.random.default_rng(2).integers(M)] = -1
    with pytest.raises(DataError, match="1 weights in 'w' are negative"):
        prepare(table(a=WIDE, y=WIDE, w=weights), target="y", weights="w", rows=20)


def test_more_rows_than_there_are_change_nothing(table):
    whole, same = (prepare(table(a=WIDE, y=THIRD), rows=rows) for rows in (0, 800))
    np.testing.assert_array_equal(whole.x, same.x)
    assert whole.notes == same.notes and same.unused == 0
