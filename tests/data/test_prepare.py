"""From a table to a data set: targets, tasks, columns, test parts, and everything that is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from ravine.data import Encoder, Table, from_arrays, prepare, read
from ravine.errors import DataError

N = 60
RNG = np.random.default_rng(0)
A, B = RNG.normal(size=N), RNG.normal(size=N)


def table(**columns):
    header = columns.pop("header", True)
    return Table(pd.DataFrame(columns), "t", "0" * 64, header=header)


def notes_of(data, word):
    return [note for note in data.notes if word in note]


def encoded(data, value):
    column = data.encoder.columns[0]
    return (value - column.center) / column.scale


YES = np.array(["no", "yes"], object)[np.arange(N) % 2]


# target and task


@pytest.mark.parametrize("target", ["y", 2, -1, "2", "-1", " y "])
def test_a_target_is_a_name_or_an_index(target):
    assert prepare(table(a=A, b=B, y=YES), target=target).target == "y"


def test_a_name_that_is_a_number_comes_before_an_index():
    assert prepare(table(**{"0": A, "1": B, "2": YES}), target="2").target == "2"
    assert prepare(table(**{"1": YES, "0": B}), target="1").target == "1"


@pytest.mark.parametrize("name", ["target", "Label", "CLASS", "y", "quality"])
def test_a_usual_name_is_taken_and_said(name):
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
def test_the_task_rule(y, task):
    data = prepare(table(a=A, b=B, y=y), target="y")
    assert data.task == task
    assert data.y.dtype == (np.int32 if task == "classify" else np.float64)
    if task == "regress":
        np.testing.assert_array_equal(data.y, np.asarray(y, float))
    else:
        assert [_plain(data.classes[i]) for i in data.y] == [_plain(v) for v in np.asarray(y)]


def test_the_task_can_be_said():
    quality = np.arange(N) % 5
    assert prepare(table(a=A, quality=quality), task="regress").task == "regress"
    assert len(prepare(table(a=A, y=np.arange(N) // 4), task="classify").classes) == 15


def test_rows_without_a_target_are_left_out_and_said():
    y = YES.copy()
    y[[0, 5, 7]] = None, "", "?"
    data = prepare(table(a=A, b=B, y=y))
    assert len(data) == N - 3
    assert data.classes == ["no", "yes"]
    assert notes_of(data, "3 rows without a target")


def test_labels_such_as_none_and_unknown_stay_labels():
    data = prepare(table(a=A, b=B, y=np.array(["None", "unknown"], object)[np.arange(N) % 2]))
    assert data.classes == ["None", "unknown"]


# columns


def test_columns_are_what_they_look_like():
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


def test_inputs_are_centred_by_the_development_rows_in_float64():
    a = 1e9 + A  # float32 alone would keep nothing of A
    data = prepare(table(a=a, b=B, y=YES))
    dev = data.development
    expected = (a - a[dev].mean()) / a[dev].std()
    np.testing.assert_allclose(data.x[:, 0], expected, atol=1e-6)


def test_huge_numbers_do_not_overflow():
    data = prepare(table(a=A * 1e305, b=B, y=YES))
    np.testing.assert_allclose(data.x[:, 0], prepare(table(a=A, b=B, y=YES)).x[:, 0], rtol=1e-5)


def with_value(value, row):
    values = A.copy()
    values[row] = value
    return values


@pytest.mark.parametrize("value", [1e300, -1e300, 1e39])
@pytest.mark.parametrize("y", [YES, B], ids=["classes", "numbers"])
def test_one_number_beyond_float32_does_not_flatten_its_column(value, y):
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


def test_a_number_beyond_float32_met_later_is_refused():
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
def test_columns_at_the_ends_of_float64_are_scaled_as_others(values):
    data = prepare(table(a=A, v=values, y=YES))
    dev = values[data.development] / np.abs(values).max()
    expected = (values / np.abs(values).max() - dev.mean()) / (dev.std() or 1)
    np.testing.assert_allclose(data.x[:, data.features.index("v")], expected, atol=1e-3)


@pytest.mark.parametrize("kind", [object, "Float64"])
def test_a_number_beyond_float32_is_found_in_columns_of_any_kind(kind):
    values = pd.array([1e300, None, *A[2:]], dtype=kind)
    data = prepare(table(a=values, b=B, y=YES))
    assert notes_of(data, "a (1 row: 1e+300 in row 1)")
    assert np.flatnonzero(np.isnan(data.x[:, 0])).tolist() == [0, 1]


def test_a_column_flattened_by_one_number_is_named():
    row = int(prepare(table(a=A, y=YES)).development[3])
    data = prepare(table(a=with_value(1e12, row), b=B, y=YES))
    (note,) = notes_of(data, "flattened")
    assert f"a (1 row: 1e+12 in row {row + 1})" in note
    heavy = np.random.default_rng(3).standard_cauchy(N)
    assert not notes_of(prepare(table(a=heavy, b=B, zeros=np.where(A > 1.5, 9.5, 0), y=YES)), "flattened")


def test_columns_of_float32_are_not_suspected():
    largest = np.full(N, np.finfo(np.float32).max) * np.where(A > 0, 1, -1).astype(np.float32)
    for values in (A.astype(np.float32), largest):
        data = prepare(table(a=values, b=B, y=YES))
        assert np.isfinite(data.x).all()
        assert not notes_of(data, "beyond") + notes_of(data, "flattened")


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
def test_a_column_that_only_names_rows_or_says_nothing_is_left_out_and_named(name, values):
    data = prepare(table(a=A, b=B, **{name: values}, y=YES))
    assert data.features == ["a", "b"]
    (note,) = notes_of(data, "left out")
    assert name in note


@pytest.mark.parametrize("name", ["n", "EventId", "kind", "fixed", "gap", "code"])
def test_the_values_of_test_rows_decide_nothing(name):
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
def test_other_whole_numbers_stay(name, values):
    assert name in prepare(table(a=A, **{name: values}, y=YES)).features


def test_named_features_stay_whatever_they_are():
    data = prepare(table(a=A, n=np.arange(N), y=YES), features=["n"])
    assert data.features == ["n"]
    assert prepare(table(n=np.arange(N), y=YES)).features == ["n"]  # better than none


def test_rare_levels_are_grouped():
    kinds = [f"k{i % 60}" for i in range(600)]
    data = prepare(table(a=RNG.normal(size=600), kind=kinds, y=np.tile(YES, 10)))
    assert len(data.features) == 52
    assert "kind other" in data.features
    np.testing.assert_array_equal(data.x[:, 1:].sum(1), 1)
    assert notes_of(data, "'other'")


@pytest.mark.parametrize("code", [-99.0, -999.0, -9999.0])
def test_a_code_far_below_the_rest_is_missing_and_said(code):
    values = np.where(np.arange(N) % 5, A, code)
    data = prepare(table(a=values, b=B, y=YES))
    assert data.features == ["a", "a missing", "b"]
    np.testing.assert_array_equal(np.isnan(data.x[:, 0]), values == code)
    assert notes_of(data, f"a ({code:g}")


def test_what_is_no_code_stays():
    spread = RNG.normal(size=N) * 500
    spread[:3] = -999.0
    once = A.copy()
    once[0] = -999.0
    data = prepare(table(spread=spread, once=once, y=YES))
    assert data.features == ["spread", "once"]


def test_a_spike_is_only_named_until_the_user_says_it_is_missing():
    days = np.where(np.arange(N) % 4, 999, np.arange(N) // 4 % 8 + 3)
    plain = prepare(table(a=A, pdays=days, y=YES))
    assert notes_of(plain, "pdays (999")
    assert plain.features == ["a", "pdays"]
    said = prepare(table(a=A, pdays=days, y=YES), missing=[999])
    np.testing.assert_array_equal(np.isnan(said.x[:, 1]), days == 999)


def test_leaks_are_named_and_kept():
    y = np.arange(300) % 3
    noise = np.random.default_rng(1).normal(size=(4, 300))
    marks = {f"is{k}": np.where(y == k, 1, -1) for k in range(3)}
    data = prepare(table(a=noise[0], copy=y * 2.0 + 0.1 * np.tanh(noise[1]), **marks, b=noise[2], y=y))
    assert notes_of(
        data, "suspected leak: copy (it gives the target away alone; to leave out: --drop 'copy')"
    )
    assert notes_of(data, "suspected leak: is0, is1, is2 (together")
    assert "copy" in data.features
    z = noise[3]
    data = prepare(table(a=noise[0], up=np.exp(z), sign=np.where(z > 0.3, "s", "u"), b=z + noise[1], y=z))
    (note,) = notes_of(data, "suspected leak")
    assert "up, sign (each" in note


@pytest.mark.parametrize("seed", range(5))
def test_a_leak_is_found_where_its_bins_lie_across_two_classes(seed):
    random = np.random.default_rng(seed)
    y = random.integers(0, 3, 640)
    given, close = y + 0.01 * random.normal(size=640), y + 1.0 * random.normal(size=640)
    data = prepare(table(a=random.normal(size=640), given=given, close=close, y=y))
    (note,) = notes_of(data, "suspected leak")
    assert "given" in note and "close" not in note


def test_honest_columns_are_not_accused():
    for name in ("iris", "wine", "breast_cancer", "diabetes"):
        assert not notes_of(prepare(read(name)), "leak")
    noise = np.random.default_rng(1).normal(size=(2, 300))
    assert not notes_of(prepare(table(a=noise[0], b=noise[1], y=np.arange(300) % 2)), "leak")


# test part


def test_a_share_is_held_out_with_every_class():
    data = prepare(table(a=A, y=YES), test=0.5)
    assert len(data.test) == 30
    assert set(data.y[data.test]) == {0, 1}
    assert not set(data.test) & set(data.development)


def test_a_test_table_in_another_order_and_spelling():
    train = table(a=A, kind=np.array(["x", "z"])[np.arange(N) % 2], y=np.where(A > 0, ">50K", "<=50K"))
    test = table(more=B[:9], y=np.where(A[:9] > 0, " >50K. ", "<=50K."), kind=["x", "q", "?"] * 3, a=A[:9])
    data = prepare(train, target="y", test=test)
    np.testing.assert_array_equal(data.test, np.arange(N, N + 9))
    np.testing.assert_array_equal(data.y[data.test], data.y[:9])
    np.testing.assert_allclose(data.x[data.test, 0], data.x[:9, 0])
    np.testing.assert_array_equal(data.x[data.test[1], 1:], [0, 0])  # an unseen level
    assert notes_of(data, "spelled otherwise")


def test_a_test_table_without_header_is_matched_by_position():
    train = table(a=A, b=B, y=YES)
    test = table(c0=A[:6], c1=B[:6], c2=YES[:6], header=False)
    data = prepare(train, target="y", test=test)
    np.testing.assert_allclose(data.x[data.test], data.x[:6])
    assert notes_of(data, "by position")


@pytest.mark.parametrize(
    ("test", "says"),
    [
        (table(a=A, y=YES), "has no column 'b'"),
        (table(a=A, b=B, y=["maybe"] * N), "label 'maybe'"),
        (table(a=["w"] * N, b=B, y=YES), "'a' holds 'w' in row 1"),
        (table(a=A, b=B, y=[None] * N), "missing in every row"),
        (table(a=np.full(N, np.inf), b=B, y=YES), "infinite in row 1"),
    ],
)
def test_an_unfit_test_table_is_refused(test, says):
    with pytest.raises(DataError, match=says):
        prepare(table(a=A, b=B, y=YES), target="y", test=test)


# weights and groups


def test_weights_and_groups_are_no_inputs():
    data = prepare(table(a=A, w=np.abs(B), g=np.arange(N) // 5, y=YES), target="y", weights="w", groups="g")
    assert data.features == ["a"]
    np.testing.assert_array_equal(data.weights, np.abs(B))
    assert not set(data.groups[data.development]) & set(data.groups[data.test])


def test_negative_weights_are_a_choice():
    whole = table(a=A, w=B, y=YES)
    with pytest.raises(DataError, match="negative"):
        prepare(whole, weights="w")
    np.testing.assert_array_equal(prepare(whole, weights="w", negative_weights="keep").weights, B)
    np.testing.assert_array_equal(prepare(whole, weights="w", negative_weights="abs").weights, np.abs(B))
    np.testing.assert_array_equal(prepare(whole, weights="w", negative_weights="drop").weights, B[B >= 0])


# what is refused


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
        ({"a": A, "y": YES}, {"drop": ["b"]}, "no --drop column 'b'"),
        ({"a": A, "y": YES}, {"features": ["y"]}, "'y' is not an input"),
        ({"a": A, "y": YES}, {"drop": ["a"]}, "No input column is left"),
        ({"y": YES}, {}, "No input column is left"),
        ({"a": np.ones(N), "y": YES}, {}, "No input column is left"),
        ({"a": A, "y": YES}, {"task": "regress"}, "words such as 'no'"),
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
def test_what_cannot_be_learned_is_refused_with_a_sentence(columns, options, says):
    with pytest.raises(DataError, match=says) as caught:
        prepare(table(**columns), **options)
    assert caught.value.what and caught.value.why and caught.value.fix


# arrays


def test_arrays_lists_frames_and_images():
    x, y = np.column_stack([A, B]), (A > 0).astype(int)
    data = from_arrays(x, y)
    assert data.features == ["c0", "c1"]
    assert from_arrays(x.tolist(), y.tolist()).sha256 == data.sha256
    np.testing.assert_array_equal(from_arrays(x.tolist(), y.tolist()).x, data.x)
    assert from_arrays(pd.DataFrame(x, columns=["p", "q"]), pd.Series(y, name="s")).target == "s"
    assert from_arrays(x, y, names=["p", "q"]).features == ["p", "q"]
    images = from_arrays(np.arange(N * 12).reshape(N, 3, 4) % 251, y)
    assert images.shape == (3, 4) and images.x.shape == (N, 12)
    assert from_arrays(np.zeros((N, 3, 4, 2)) + A[:, None, None, None], y).x.shape == (N, 24)


PIXELS = np.random.default_rng(5).integers(0, 9, (N, 4, 3, 2))
PIXELS[:, 0, 1] = 7


def image_table(x):
    flat = pd.DataFrame(x.reshape(len(x), -1)).add_prefix("c")
    return Table(flat.assign(target=YES), "i", "0", [], "target", shape=x.shape[1:])


@pytest.mark.parametrize(
    "x", [PIXELS, PIXELS[..., 0], PIXELS[..., :1], np.where(PIXELS == 3, np.nan, PIXELS)]
)
def test_images_keep_every_pixel_in_its_place(x):
    for data in (from_arrays(x, YES), prepare(image_table(x))):
        assert data.image == (*x.shape[1:], 1)[:3]
        images = (
            data.x.reshape(N, *data.image) * data.encoder.columns[0].scale + data.encoder.columns[0].center
        )
        np.testing.assert_allclose(images, x.reshape(N, *data.image), atol=1e-5)
        again = Encoder.from_json(data.encoder.to_json())
        np.testing.assert_array_equal(again.transform(x), data.x)


def test_rows_that_are_no_whole_image_have_no_shape():
    whole = image_table(PIXELS)
    names = [f"c{i}" for i in range(24)]
    assert prepare(whole, features=names).image == (4, 3, 2)
    assert prepare(whole, features=names[::-1]).image is None
    for choice in ({"drop": ["c3"]}, {"groups": "c0"}, {"features": names[1:]}, {"weights": "c2"}):
        assert prepare(whole, **choice).image is None
    assert prepare(whole, target="c4", drop=["target"]).image is None
    assert from_arrays(np.column_stack([A, B]), YES).image is None
    assert from_arrays(np.where(PIXELS[:, :2, :2, 0] > 4, "dark", "light"), YES).image is None
    assert from_arrays(np.arange(N * 16).reshape(N, 2, 2, 2, 2) % 7, YES).image is None
    with pytest.raises(DataError, match=r"have shape \(3, 4\)"):
        prepare(image_table(PIXELS[..., 0]), test=image_table(PIXELS[..., 0].transpose(0, 2, 1)))


def test_digits_are_images():
    data = prepare(read("digits"))
    assert data.image == (8, 8, 1) and data.x.shape == (1797, 64)
    assert prepare(read("digits"), drop=["pixel_0_0"]).image is None


def test_every_column_of_an_array_is_kept():
    x = np.column_stack([np.arange(N), np.ones(N), A])
    data = from_arrays(x, YES)
    assert data.x.shape == (N, 3)
    np.testing.assert_array_equal(data.x[:, 1], 0)


def test_missing_values_in_arrays_get_an_indicator():
    x = np.column_stack([np.where(A > 1, np.nan, A), B])
    assert from_arrays(x, YES).features == ["c0", "c0 missing", "c1"]


@pytest.mark.parametrize(
    "y",
    [
        pd.Categorical(YES),
        pd.array(YES, dtype="string"),
        YES.astype(bytes),
        YES.tolist(),
        pd.Series(YES, index=range(N, 2 * N)),
    ],
)
def test_labels_of_any_kind(y):
    data = from_arrays(np.column_stack([A, B]), y)
    assert data.classes == ["no", "yes"]
    np.testing.assert_array_equal(data.y, np.arange(N) % 2)


def test_frames_with_pandas_own_kinds():
    frame = pd.DataFrame(
        {
            "i": pd.array([1, None, 3, 4] * 15, dtype="Int64"),
            "b": pd.array([True, None, False, True] * 15, dtype="boolean"),
            "c": pd.Categorical(["u", "v", None, "w"] * 15),
            "tz": pd.date_range("2020", periods=N, tz="Europe/Berlin"),
            "list": [[1]] * N,
            0: A,
        }
    )
    data = from_arrays(frame, YES)
    assert data.features == ["i", "i missing", "b", "b missing", "c=u", "c=v", "c=w", "c missing", "tz", "0"]
    np.testing.assert_array_equal(data.encoder.transform(frame), data.x)
    assert notes_of(data, "nested values): list")


def test_tiny_numbers_do_not_vanish():
    np.testing.assert_allclose(
        from_arrays(A[:, None] * 1e-300, YES).x, from_arrays(A[:, None], YES).x, rtol=1e-5
    )


def test_test_arrays():
    x = np.column_stack([A, B])
    data = from_arrays(x, YES, test=(x[:7], YES[:7]))
    np.testing.assert_allclose(data.x[data.test], data.x[:7])


@pytest.mark.parametrize(
    ("x", "y", "options", "says"),
    [
        (np.zeros((3, 2)), [0, 1], {}, "X has 3 rows, y has 2"),
        (np.zeros(3), [0, 1, 0], {}, r"reshape\(-1, 1\)"),
        (np.zeros((0, 2)), [], {}, "holds nothing"),
        (np.column_stack([A, B]), np.eye(N), {}, "argmax"),
        (np.column_stack([A, B]), YES, {"weights": [1]}, "weights has 1"),
        (np.column_stack([A, B]), YES, {"names": ["a"]}, "1 names and 2 columns"),
        (np.column_stack([A, B]), YES, {"test": (np.zeros((2, 3)), ["no", "yes"])}, "3 columns"),
        ([[1, 2], [3]], [0, 1], {}, "differ in length"),
        (np.column_stack([A, B]), A + 1j, {}, "is complex"),
        (np.full((N, 2), np.nan), YES, {}, "No input column is left"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(x, y, options, says):
    with pytest.raises(DataError, match=says):
        from_arrays(x, y, **options)


def test_a_data_set_is_frozen_and_shows_itself():
    data = prepare(read("iris"))
    assert "150 rows (30 test), 4 inputs" in repr(data)
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.seed = 1


def test_a_name_above_two_columns_is_no_target():
    twice = Table(pd.DataFrame({"a": A, "y": YES, "y.2": YES}), "t", "0", repeated=frozenset({"y"}))
    with pytest.raises(DataError, match=r"2 columns are named 'y'.*-t 1 or -t 2"):
        prepare(twice, target="y")
    with pytest.raises(DataError, match="2 columns"):
        prepare(twice)  # a usual name is none the less two
    assert prepare(twice, target=1).target == prepare(twice, target="1").target == "y"
    assert prepare(twice, target="y.2").target == "y.2"
    weighed = dataclasses.replace(twice, frame=twice.frame.assign(y=1.0), repeated=frozenset({"y"}))
    with pytest.raises(DataError, match=r"2 columns.*--weights 1 or --weights 2"):
        prepare(weighed, target="a", weights="y")


def test_the_reader_tells_which_names_come_twice(tmp_path):
    path = tmp_path / "twice.csv"
    path.write_text("a, y ,y,b\n" + "1,2,3,4\n" * 3)
    assert read(path).repeated == {"y"}
    path.write_text("a,y,z,b\n" + "1,2,3,4\n" * 3)
    assert read(path).repeated == frozenset()


@pytest.mark.parametrize(
    ("values", "kept"), [(np.arange(N) // 2 + 7000, True), (np.arange(N) % 5, False), (A, False)]
)
def test_an_identifier_that_repeats_is_kept_and_named(values, kept):
    data = prepare(table(a=A, event=values, y=YES), target="y")
    assert "event" in data.features
    assert bool(notes_of(data, "named like identifiers, kept")) == kept
    assert not notes_of(
        prepare(table(a=A, event=values, y=YES), target="y", features=["event"]), "named like"
    )


def test_words_named_like_an_identifier_that_repeat_are_named_too():
    patients = np.array([f"p{i // 3}" for i in range(N)], object)
    assert notes_of(prepare(table(a=A, patient_id=patients, y=YES), target="y"), "kept (--drop, or --groups")


@pytest.mark.parametrize(
    "form", ["{:.2f}%", "{:.2f} %", "${:.2f}", "€ {:.2f}", "({:.2f})", "{:,.1f}", "1 {:03.0f},5", "-${:.2f}"]
)
def test_numbers_with_other_signs_are_not_called_identifiers(form):
    dressed = np.array([form.format(1000.25 + 7 * i) for i in range(N)], object)
    data = prepare(table(a=A, price=dressed, y=YES), target="y")
    (note,) = notes_of(data, "numbers with other signs")
    assert "price" in note and dressed[0][:3] in note
    assert data.features == ["a"] and not notes_of(data, "identifiers")


@pytest.mark.parametrize("form", ["id{}", "A-{}", "{}-{}", "10.0.0.{}x", "{} Main St"])
def test_words_with_digits_are_no_numbers(form):
    words = np.array([form.format(i, i) for i in range(N)], object)
    assert not notes_of(prepare(table(a=A, word=words, y=YES), target="y"), "other signs")
