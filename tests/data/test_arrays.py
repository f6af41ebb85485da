"""From arrays, frames and images to a data set."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ravine.data import Encoder, Table, from_arrays, prepare, read
from ravine.errors import DataError

N = 60
A, B = np.random.default_rng(0).normal(size=(2, N))
YES = np.array(["no", "yes"], object)[np.arange(N) % 2]


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


def test_frames_with_pandas_own_kinds(notes_of):
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
        (np.full((N, 2), np.nan), YES, {}, "No feature is left"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(x, y, options, says):
    with pytest.raises(DataError, match=says):
        from_arrays(x, y, **options)
