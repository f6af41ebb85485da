"""Rules for arrays: names, types, shapes with shared lengths, ranges, and one error for what breaks them."""

from __future__ import annotations

import hypothesis.extra.numpy as arrays_of
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.records.array_rules import ArrayRule, check_arrays
from ravine.records.os_errors import DamagedFile

RULES = {
    "status": ArrayRule("i", ("run",), within=(0, 2)), "loss": ArrayRule("f", ("run", "time")),
    "weights": ArrayRule("f", ("run", ...), finite=True), "name": ArrayRule("U", (None,), optional=True),
    "pair": ArrayRule("iu", (2,)),
}  # fmt: skip


def arrays(runs=3, times=4):
    return {
        "status": np.ones(runs, np.int8), "loss": np.full((runs, times), np.nan, np.float32),
        "weights": np.zeros((runs, 2, 5)), "pair": np.array([1, 2], np.uint16),
    }  # fmt: skip


@given(st.integers(0, 5), st.integers(0, 5))
def test_arrays_that_fit_return_the_lengths_of_their_axes(runs, times):
    assert check_arrays(arrays(runs, times), RULES, "'a'") == {"run": runs, "time": times}
    with_name = arrays(runs, times) | {"name": np.array(["x"])}
    assert check_arrays(with_name, RULES, "'a'", {"run": runs}) == {"run": runs, "time": times}


@pytest.mark.parametrize(
    ("name", "array", "why"),
    [
        ("status", np.ones(3), "Its array 'status' is float64 [3]; allowed is whole numbers [run]."),
        ("status", np.ones(3, bool), "is bool [3]"),
        ("status", np.array([0, 1, 3]), "has numbers from 0 to 3; allowed are 0 to 2"),
        ("status", np.array([-1, 1, 2]), "has numbers from -1 to 2; allowed are 0 to 2"),
        ("status", np.ones(2, int), "Its array 'loss' is float32 [3, 4]"),
        (
            "loss",
            np.ones(3),
            "Its array 'loss' is float64 [3]; allowed is floating-point numbers [run, time]",
        ),
        ("loss", np.ones((3, 4), ">f8"), "is >f8 [3, 4]"),
        ("loss", np.ones((3, 4), complex), "is complex128 [3, 4]"),
        ("weights", np.array([[1.0], [np.inf], [2.0]]), "Its array 'weights' holds NaN or infinity"),
        ("weights", np.ones((2, 9)), "allowed is floating-point numbers [run, ...], run = 3"),
        ("weights", np.array(1.0), "Its array 'weights' is float64 []"),
        ("pair", np.array([1, 2, 3]), "allowed is whole numbers [2]"),
        ("name", np.array([1]), "is int64 [1]; allowed is text [any]"),
        ("more\x1b[31m", np.ones(1), r"an array 'more\x1b[31m' that does not belong there"),
    ],
)
def test_an_array_that_breaks_a_rule_is_named(name, array, why):
    with pytest.raises(DamagedFile) as caught:
        check_arrays(arrays() | {name: array}, RULES, "'a.npz'")
    assert caught.value.what == "'a.npz' is damaged." and why in caught.value.why


@pytest.mark.parametrize("name", list(arrays()))
def test_a_missing_array_is_named(name):
    with pytest.raises(DamagedFile, match=f"lacks the array '{name}'"):
        check_arrays({key: array for key, array in arrays().items() if key != name}, RULES, "'a'")


@given(
    arrays_of.arrays(st.sampled_from(["f4", "i8", "?", "u1"]), arrays_of.array_shapes(min_dims=0, max_dims=3))
)
def test_a_rule_like_an_array_allows_its_type_and_shape_alone(array):
    rule = ArrayRule.like(array)
    check_arrays({"x": array}, {"x": rule}, "'a'")
    for other in (array.astype("f8"), array[None], array.astype(array.dtype.newbyteorder(">"))):
        if other.dtype != array.dtype or other.shape != array.shape:
            with pytest.raises(DamagedFile):
                check_arrays({"x": other}, {"x": rule}, "'a'")
    filled = rule.filled(1)
    assert (filled.dtype, filled.shape) == (array.dtype, array.shape) and (filled == 1).all()


def test_the_first_axes_of_a_rule_can_have_other_lengths():
    rule = ArrayRule.like(np.ones((1, 3)), "live")
    assert check_arrays({"x": np.ones((7, 3))}, {"x": rule}, "'a'") == {"live": 7}
    with pytest.raises(DamagedFile):
        check_arrays({"x": np.ones((7, 4))}, {"x": rule}, "'a'")
