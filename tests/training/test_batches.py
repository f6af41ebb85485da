"""Batches: which rows a seed sees, in which order, in which units."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.data import split
from ravine.training import Batches
from ravine.training import batches as batches_module


@pytest.fixture(scope="module")
def data(dataset):
    return dataset()


@pytest.mark.parametrize("batch_size", [1, 7, 8, 64, 65])
def test_every_row_is_seen_once_a_pass(data, batch_size):
    batches = Batches(data, 0, batch_size)
    n = batches.sizes[0]
    steps = 4 * n // batches.batch_size
    seen = batches.order(1, 0, steps).ravel()
    train = batches.data(1).train
    assert len(train.x) == n == 65
    for first in range(0, len(seen) - n + 1, n):
        np.testing.assert_array_equal(np.sort(seen[first : first + n]), np.arange(n))
    passes = [tuple(seen[first : first + n]) for first in range(0, len(seen) - n + 1, n)]
    assert len(set(passes)) == len(passes) > 2  # each pass is shuffled anew


@given(st.integers(1, 70), st.integers(0, 60), st.integers(1, 30))
def test_any_part_of_the_order_can_be_drawn_alone(data, batch_size, first, steps):
    """What resuming and chunks of any length rest on."""
    batches = Batches(data, 0, batch_size)
    whole = batches.order(2, 0, first + steps)
    np.testing.assert_array_equal(batches.order(2, first, first + steps), whole[first:])


def test_batches_are_the_training_rows_in_that_order(data):
    batches = Batches(data, 0, 8)
    drawn = [batches.draw(seed, 10, 15) for seed in (2, 0)]
    for k, seed in enumerate([2, 0]):
        order = batches.order(seed, 10, 25)
        rows = batches.data(seed).train
        np.testing.assert_array_equal(drawn[k].x, rows.x[order])
        np.testing.assert_array_equal(drawn[k].y, rows.y[order])
        assert drawn[k].weight is None


def test_a_batch_is_no_larger_than_the_training_rows(data):
    batches = Batches(data, 0, 10_000)
    assert batches.batch_size == batches.sizes[0]
    np.testing.assert_array_equal(np.sort(batches.order(0, 3, 4)[0]), np.arange(batches.sizes[0]))


def test_seed_and_root_key_the_order(data):
    one, again, other = Batches(data, 0, 8), Batches(data, 0, 8), Batches(data, 1, 8)
    np.testing.assert_array_equal(one.order(3, 0, 40), again.order(3, 0, 40))
    assert not np.array_equal(one.order(3, 0, 40), one.order(4, 0, 40))
    assert not np.array_equal(one.order(3, 0, 40), other.order(3, 0, 40))


def test_rows_are_standardised_by_the_training_rows(data):
    batches = Batches(data, 0, 8, "float64")
    rows, parts = batches.data(1), split(data, 1)
    assert not set(parts.train) & set(parts.valid)
    np.testing.assert_allclose(rows.train.x.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(rows.train.x.std(0), 1, rtol=1e-6)
    raw = data.x.astype(float)
    mean, sd = raw[parts.train].mean(0), raw[parts.train].std(0)
    np.testing.assert_allclose(rows.valid.x, (raw[parts.valid] - mean) / sd, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(batches.test(1).x, (raw[data.test] - mean) / sd, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(rows.valid.y, data.y[parts.valid])
    np.testing.assert_array_equal(batches.test(1).y, data.y[data.test])


def test_a_regression_target_comes_back_in_its_own_unit(dataset):
    data = dataset("regress", unit=1000.0)
    batches = Batches(data, 0, 8, "float64")
    rows, parts = batches.data(1), split(data, 1)
    assert rows.train.y.mean() == pytest.approx(0, abs=1e-12)
    assert rows.train.y.std() == pytest.approx(1, rel=1e-12)
    for part, index in ((rows.train, parts.train), (rows.valid, parts.valid), (batches.test(1), data.test)):
        np.testing.assert_allclose(part.y * rows.target_scale + rows.target_mean, data.y[index], rtol=1e-12)


def test_weights_travel_with_their_rows_and_are_one_on_average(dataset):
    weights = np.linspace(1, 9, 90)
    data = dataset(weights=weights)
    batches = Batches(data, 0, 8, "float64")
    rows, parts = batches.data(0), split(data, 0)
    assert rows.train.weight.mean() == pytest.approx(1, rel=1e-12)
    expected = weights[parts.train] / weights[parts.train].mean()
    np.testing.assert_allclose(rows.train.weight, expected, rtol=1e-12)
    batch = batches.draw(0, 0, 10)
    np.testing.assert_array_equal(batch.weight, rows.train.weight[batches.order(0, 0, 10)])


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_precision(dataset, precision):
    rows = Batches(dataset("regress"), 0, 8, precision).data(0)
    assert rows.train.x.dtype == rows.train.y.dtype == rows.valid.x.dtype == precision


def test_what_is_kept_is_what_is_drawn(data, monkeypatch):
    """Batches kept for the next cohort, or not kept for want of room, are the same batches."""
    device = jax.devices()[0]
    asked = [(0, 0), (1, 10), (1, 0), (0, 0)]
    for room in (10**9, 0):
        monkeypatch.setattr(batches_module, "DEVICE_CACHE_BYTES", room)
        batches = Batches(data, 0, 8)
        placed = [batches.on_device(seed, first, 5, device).x for seed, first in asked]
        assert (placed[3] is placed[0]) == (room > 0)
        for (seed, first), rows in zip(asked, placed, strict=True):
            np.testing.assert_array_equal(rows, batches.draw(seed, first, 5).x)


def test_two_threads_see_the_same_rows(data):
    batches, device = Batches(data, 0, 8), jax.devices()[0]
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda k: batches.on_device(k % 3, 5, 5, device), range(64)))
    for k, rows in enumerate(seen):
        np.testing.assert_array_equal(rows.x, batches.draw(k % 3, 5, 5).x)


def test_another_batch_size_draws_the_same_rows_in_the_same_order(data):
    small, device = Batches(data, 0, 8), jax.devices()[0]
    small.on_device(1, 0, 2, device)
    large = small.with_batch_size(16)
    expected = Batches(data, 0, 16).draw(1, 0, 2)
    np.testing.assert_array_equal(large.draw(1, 0, 2).x, expected.x)
    np.testing.assert_array_equal(large.on_device(1, 0, 2, device).x, expected.x)  # no rows of the other size
    assert small.batch_size == 8
    assert small.with_batch_size(10_000).batch_size == small.sizes[0]


@pytest.mark.parametrize("indexed", [False, True])
def test_batches_from_bytes_have_empty_caches_and_draw_the_same_rows(data, indexed, monkeypatch):
    monkeypatch.setattr(batches_module, "INDEXED_BYTES", 0 if indexed else 2**24)
    batches, device = Batches(data, 0, 8), jax.devices()[0]
    before = len(pickle.dumps(batches))
    drawn = batches.on_device(1, 3, 4, device), batches.valid(1, device, 10)
    assert len(pickle.dumps(batches)) <= before + 100
    again = pickle.loads(pickle.dumps(batches))
    assert not again._on_device and again.data.cache_info().currsize == 0
    found = again.on_device(1, 3, 4, device), again.valid(1, device, 10)
    jax.tree.map(np.testing.assert_array_equal, drawn, found)


def test_another_batch_size_shares_the_rows(data):
    batches = Batches(data, 0, 8)
    rows = batches.data(1)
    other = batches.with_batch_size(16)
    assert other.data(1) is rows and other.batch_size == 16 and batches.batch_size == 8
    assert other._on_device is not batches._on_device
