"""Corrupted labels: how many, which, and what they become."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare

from ravine.data.label_noise import corrupt_labels
from ravine.errors import DataError

N = 1_000


def drawn(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("classes", [3, None])
def test_just_the_share_of_rows_is_touched(share, classes):
    y = np.arange(N) % 3 if classes else drawn(1).normal(size=N)
    before = y.copy()
    changed, where = corrupt_labels(y, share, drawn(), classes)
    assert where.sum() == round(share * N)
    np.testing.assert_array_equal(changed[~where], y[~where])
    np.testing.assert_array_equal(y, before)
    assert changed.dtype == y.dtype


def test_new_labels_are_uniform_whatever_the_old_ones_were():
    y = np.full(60_000, 2, np.int32)
    changed, where = corrupt_labels(y, 0.5, drawn(), 4)
    counts = np.bincount(changed[where], minlength=4)
    assert counts.sum() == 30_000
    assert chisquare(counts).pvalue > 1e-3
    assert np.mean(changed != y) == pytest.approx(0.5 * 3 / 4, abs=0.01)


def test_numbers_change_places():
    y = drawn(1).normal(size=N)
    changed, where = corrupt_labels(y, 0.5, drawn(), None)
    np.testing.assert_array_equal(np.sort(changed[where]), np.sort(y[where]))
    assert abs(np.corrcoef(changed[where], y[where])[0, 1]) < 4 / np.sqrt(N / 2)


def test_a_larger_share_holds_the_rows_of_a_smaller_one_with_the_same_labels():
    y = np.arange(N) % 5
    some, where = corrupt_labels(y, 0.2, drawn(), 5)
    more, wider = corrupt_labels(y, 0.7, drawn(), 5)
    assert wider[where].all()
    np.testing.assert_array_equal(more[where], some[where])


def test_rows_of_few_or_none():
    for classes in (2, None):
        changed, where = corrupt_labels(np.zeros(0, int), 0.5, drawn(), classes)
        assert len(changed) == len(where) == 0
        changed, where = corrupt_labels(np.ones(1, int), 1.0, drawn(), classes)
        assert where.all() and changed[0] in (0, 1)


@pytest.mark.parametrize(
    ("y", "share", "classes"),
    [
        ([0, 1], -0.1, 2),
        ([0, 1], 1.1, 2),
        ([0, 1], np.nan, 2),
        ([0, 3], 0.5, 3),
        ([-1, 1], 0.5, 3),
        ([0, 0], 0.5, 1),
        ([[0, 1]], 0.5, 2),
    ],
)
def test_what_cannot_be_corrupted_is_refused(y, share, classes):
    with pytest.raises(DataError) as caught:
        corrupt_labels(np.array(y), share, drawn(), classes)
    assert caught.value.what and caught.value.why and caught.value.fix
