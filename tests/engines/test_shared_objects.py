"""Packed objects: large arrays apart, equal content under equal names, and back again."""

import pickle
from functools import partial

import numpy as np

from ravine.engines.shared_objects import LARGE_BYTES, pack, unpack

LARGE = np.arange(LARGE_BYTES, dtype=np.float32)


def unpacked(packed):
    values = dict(packed.values)
    return unpack(values.pop(packed.name.key), values)


def test_large_arrays_are_apart_and_come_back():
    value = {"large": LARGE, "part": LARGE[::2], "small": np.arange(3), "text": "x"}
    packed = pack(value)
    assert len(packed.name.arrays) == 2 and set(packed.name.keys) == set(packed.values)
    assert len(packed.values[packed.name.key]) < 2_000
    found = unpacked(packed)
    assert found.keys() == value.keys() and found["text"] == "x"
    for name in ("large", "part", "small"):
        np.testing.assert_array_equal(found[name], value[name])
        assert found[name].dtype == value[name].dtype


def test_equal_content_has_equal_names_and_other_content_others():
    first, same = pack((1, LARGE)), pack((1, LARGE.copy()))
    assert first.name == same.name
    changed = LARGE.copy()
    changed[-1] += 1
    others = [
        pack((2, LARGE)),
        pack((1, changed)),
        pack((1, LARGE.reshape(2, -1))),
        pack((1, LARGE.view("i4"))),
    ]
    assert len({first.name.keys, *(other.name.keys for other in others)}) == 5
    assert others[0].name.arrays == first.name.arrays


def test_the_same_array_in_one_object_stays_one_array():
    first, second = unpacked(pack([LARGE, LARGE]))
    assert first is second


def test_functions_of_no_module_travel_too():
    def add(a, b):
        return a + b

    try:
        pickle.dumps(add)
    except (pickle.PicklingError, AttributeError):
        assert unpacked(pack(partial(add, 2)))(3) == 5
    else:
        raise AssertionError("pickle alone can do it, so this test shows nothing")
