"""Standardisation against scikit-learn, and where numbers get hard."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ravine.data import Scaler, stack


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), rows=st.integers(2, 30), offset=st.sampled_from([0.0, 1e3, 1e9]))
def test_equal_to_scikit_learn(seed, rows, offset):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 4)) * [1, 1e-3, 1e4, 1] + offset
    x[:, 3] = offset  # constant
    gaps = rng.random(x.shape) < 0.2
    gaps[0] = False
    x[gaps] = np.nan
    new = rng.normal(size=(5, 4)) + offset
    oracle = make_pipeline(SimpleImputer(strategy="median"), StandardScaler()).fit(x)
    scaler = Scaler.fit(x)
    np.testing.assert_allclose(scaler.apply(x), oracle.transform(x), rtol=1e-5, atol=1e-6)
    varied = [
        j for j in (0, 2) if len(np.unique(x[~np.isnan(x[:, j]), j])) > 1
    ]  # constants: 0 here, not there
    np.testing.assert_allclose(
        scaler.apply(new)[:, varied], oracle.transform(new)[:, varied], rtol=1e-5, atol=1e-6
    )


def test_a_constant_column_becomes_0_and_never_nan():
    for value in (0.0, 0.1, 1e9 + 0.1, -1e-30, 1e30):
        x = np.full((7, 1), value)
        np.testing.assert_array_equal(Scaler.fit(x).apply(x), 0)


@pytest.mark.parametrize("together", [False, True])
def test_what_no_training_row_shows_is_0_in_other_rows(together):
    scaler = Scaler.fit(np.full((7, 2), 3.0), together=together)
    new = np.array([[4.0, 1e30], [3.0, np.nan]])
    np.testing.assert_array_equal(scaler.apply(new.astype(np.float32)), 0)
    np.testing.assert_allclose(scaler.apply(new), 0, atol=1e-200)


def test_a_column_without_values_becomes_0():
    x = np.array([[np.nan, 1.0], [np.nan, 2.0]])
    np.testing.assert_array_equal(Scaler.fit(x).apply(x)[:, 0], 0)


def test_together_keeps_the_proportions_of_pixels():
    x = np.random.default_rng(0).random((50, 6)) * [1, 2, 3, 0, 5, 6]
    z = Scaler.fit(x, together=True).apply(x)
    np.testing.assert_allclose(z, (x - x.mean()) / x.std(), atol=1e-12)


def test_json_and_stack():
    scalers = [Scaler.fit(np.random.default_rng(s).normal(size=(9, 3))) for s in range(4)]
    fill, mean, scale = stack(scalers)
    assert fill.shape == mean.shape == scale.shape == (4, 3)
    np.testing.assert_array_equal(mean[2], scalers[2].mean)
    back = Scaler.from_json(json.loads(json.dumps(scalers[1].to_json())))
    for key in ("fill", "mean", "scale"):
        np.testing.assert_array_equal(getattr(back, key), getattr(scalers[1], key))


def test_kind_of_number_is_kept_and_shapes_are_checked():
    x = np.ones((3, 2), np.float32)
    assert Scaler.fit(x).apply(x).dtype == np.float32
    assert Scaler.fit(x).apply(x.astype(np.float64)).dtype == np.float64
    with pytest.raises(ValueError, match=r"\[N, 2\]"):
        Scaler.fit(x).apply(np.ones((3, 3)))
    with pytest.raises(ValueError, match="at least one row"):
        Scaler.fit(np.ones((0, 2)))
    with pytest.raises(ValueError, match="at least one"):
        stack([])


def in_blocks_of_9_rows(monkeypatch):
    monkeypatch.setattr("ravine.data.scaling.MAX_WHOLE", 0)
    monkeypatch.setattr("ravine.data.scaling.BLOCK_VALUES", 27)


def test_blocks_give_the_numbers_of_the_whole(monkeypatch):
    """Large data are read in blocks of rows, whose sums are added."""
    x = np.random.default_rng(4).standard_normal((50, 3)) * [1, 1e4, 1e-3] + [0, 1e6, 5]
    x[::7, 1] = np.nan
    whole = Scaler.fit(x)
    in_blocks_of_9_rows(monkeypatch)
    for together in (False, True):
        found = Scaler.fit(x, together=together)
        full = np.where(np.isnan(x), np.nanmedian(x, axis=0), x)
        axis = None if together else 0
        np.testing.assert_allclose(found.mean, np.broadcast_to(full.mean(axis), 3), rtol=1e-12)
        np.testing.assert_allclose(found.scale, np.broadcast_to(full.std(axis), 3), rtol=1e-9)
        np.testing.assert_array_equal(found.fill, whole.fill)
        np.testing.assert_allclose(found.apply(x), (full - found.mean) / found.scale, rtol=1e-12)


@pytest.mark.parametrize("together", [False, True])
def test_rows_by_index_give_the_numbers_of_their_copy(monkeypatch, together):
    x = np.random.default_rng(5).standard_normal((80, 3)).astype(np.float32)
    x[3, 1] = x[60, 2] = np.nan
    rows = np.random.default_rng(6).permutation(80)[:50]
    for _ in range(2):  # as one block, and in several
        copied, indexed = Scaler.fit(x[rows], together=together), Scaler.fit(x, rows, together=together)
        for key in ("fill", "mean", "scale"):
            np.testing.assert_array_equal(getattr(indexed, key), getattr(copied, key))
        np.testing.assert_array_equal(indexed.apply(x, rows[:20]), copied.apply(x[rows[:20]]))
        in_blocks_of_9_rows(monkeypatch)


def test_the_number_of_threads_changes_no_bit(monkeypatch):
    x = np.random.default_rng(7).standard_normal((500, 3)) * [1e-3, 1, 1e6]
    in_blocks_of_9_rows(monkeypatch)
    found = []
    for count in (1, 7):
        monkeypatch.setattr("ravine.cores.cores", lambda count=count: count)
        scaler = Scaler.fit(x)
        found.append((scaler.mean.tobytes(), scaler.scale.tobytes(), scaler.apply(x).tobytes()))
    assert found[0] == found[1]
