"""Splits: deterministic, disjoint, stratified, whole groups, the same sizes for every seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ravine.data import from_arrays, read, split
from ravine.data import prepare as prepare
from ravine.data.splits import allocate, divide
from ravine.errors import DataError


def numbers(n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 2))


@settings(max_examples=60, deadline=None)
@given(counts=st.lists(st.integers(3, 30), min_size=2, max_size=5), share=st.sampled_from([0.1, 0.2, 0.5]))
def test_every_class_is_in_every_part_and_sizes_are_fixed(counts, share):
    y = np.repeat(np.arange(len(counts)), counts)
    data = from_arrays(numbers(len(y)), y, task="classify")
    splits = [split(data, seed, share) for seed in range(3)]
    for each in splits:
        for rows in (each.train, each.valid, data.test):
            assert set(data.y[rows]) == set(range(len(counts)))
        together = np.concatenate([each.train, each.valid])
        np.testing.assert_array_equal(np.sort(together), data.development)
        np.testing.assert_array_equal(np.bincount(data.y[each.valid]), np.bincount(data.y[splits[0].valid]))


def test_the_same_seed_gives_the_same_split_and_another_seed_another():
    data = prepare(read("iris"), seed=3)
    again = prepare(read("iris"), seed=3)
    np.testing.assert_array_equal(data.test, again.test)
    np.testing.assert_array_equal(split(data, 1).train, split(again, 1).train)
    assert not np.array_equal(split(data, 1).valid, split(data, 2).valid)
    assert not np.array_equal(split(data, 1).valid, split(prepare(read("iris"), seed=4), 1).valid)


def test_blocks_of_classes_are_shuffled():
    train = split(prepare(read("iris")), 0).train
    assert len(set(np.sign(np.diff(train)))) == 2


@settings(max_examples=60, deadline=None)
@given(sizes=st.lists(st.integers(1, 6), min_size=8, max_size=20), seed=st.integers(0, 99))
def test_groups_stay_whole_and_sizes_are_fixed(sizes, seed):
    groups = np.repeat(np.arange(len(sizes)), sizes)
    sizes_seen = set()
    for each in (seed, seed + 1, seed + 2):
        rest, held = divide(len(groups), 0.2, np.random.default_rng(each), None, groups)
        assert not set(groups[rest]) & set(groups[held])
        sizes_seen.add((len(rest), len(held)))
    ((_, held),) = sizes_seen
    assert held == max(round(0.2 * len(groups)), 1)


def test_groups_of_a_data_set_never_cross_parts():
    groups = np.repeat(["a", "b", "c", "d", "e", "f", "g", "h"], 10)
    data = from_arrays(numbers(80), numbers(80)[:, 0], groups=groups)
    each = split(data, 0)
    parts = [set(data.groups[rows]) for rows in (each.train, each.valid, data.test)]
    assert not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]


@pytest.mark.parametrize("groups", [np.zeros(20, int), np.repeat([0, 1], [19, 1])])
def test_too_few_groups_are_refused(groups):
    with pytest.raises(DataError, match="group"):
        from_arrays(numbers(20), np.arange(20.0), groups=groups)


@pytest.mark.parametrize("share", [0, 1, -0.1, 2, float("nan")])
def test_a_share_must_lie_between_0_and_1(share):
    with pytest.raises(DataError, match="between 0 and 1"):
        from_arrays(numbers(20), np.arange(20) + 0.5, test=share)


@pytest.mark.parametrize("n", [2, 3, 5])
def test_very_few_rows_still_give_two_parts(n):
    rest, held = divide(n, 0.2, np.random.default_rng(0))
    assert len(rest) == n - 1 and len(held) == 1


def test_allocation_by_hand():
    np.testing.assert_array_equal(allocate(np.array([50, 30, 20]), 0.2), [10, 6, 4])
    np.testing.assert_array_equal(allocate(np.array([1, 2, 4, 93]), 0.2), [0, 1, 1, 19])
