"""The test for a second descent."""

import numpy as np
import pytest

from ravine.studies.descent.double_descent import clearest_peak, double_descent
from ravine.studies.descent.result import SecondDescent


def test_the_clearest_peak():
    assert clearest_peak(np.array([2.0, 1, 4, 3, 0])) == 2
    assert clearest_peak(np.array([3.0, 2, 1])) is None
    assert clearest_peak(np.array([1.0, 2, 3])) is None
    assert clearest_peak(np.array([1.0, 2])) is None
    assert clearest_peak(np.array([1.0, np.nan, 0.5])) is None


def test_a_second_descent_is_seen_where_there_is_one():
    shape = np.array([3.0, 1.0, 2.0, 0.5])
    curves = shape + 0.05 * np.random.default_rng(0).normal(size=(6, 4))
    found = double_descent(curves, [10, 20, 40, 80])
    assert (found.peak, found.double_descent) == (40, True)
    assert found.rise is not None and found.fall is not None
    assert found.rise.interval[0] < 1.0 < found.rise.interval[1] + 0.1
    assert found.fall.mean == pytest.approx(1.5, abs=0.1)


def test_noise_is_no_second_descent():
    """In 95 % of cases at least: the peak is chosen by other seeds."""
    random = np.random.default_rng(1)
    seen = [double_descent(random.normal(size=(6, 9)), range(9)).double_descent for _ in range(60)]
    assert np.mean(seen) <= 0.05


def test_two_seeds_or_diverged_ones_claim_nothing():
    two = double_descent(np.array([[1.0, 2, 1], [1.0, 2, 1]]), [1, 2, 3])
    assert (two.peak, two.rise, two.fall, two.double_descent) == (2, None, None, False)
    nothing = SecondDescent(peak=None, rise=None, fall=None, double_descent=False)
    assert double_descent(np.full((4, 3), np.nan), [1, 2, 3]) == nothing
