"""Score against rate: the band and the width, against curves whose width is known."""

import math

import numpy as np
import pytest

from ravine.errors import UsageError
from ravine.statistics import sensitivity, width_decades

GRID = np.geomspace(1e-4, 1.0, 401)


def test_a_tent_has_the_width_of_its_geometry():
    # falls by 0.1 per decade from 1: within 5 % for half a decade each way
    height = 1 - 0.1 * np.abs(np.log10(GRID) + 2)
    assert width_decades(GRID, height, True) == pytest.approx(1.0)
    assert width_decades(GRID[::-1], height[::-1], True) == pytest.approx(1.0)
    assert width_decades(GRID, height, True, tolerance=0.1) == pytest.approx(2.0)
    error = 0.2 + 0.01 * np.abs(np.log10(GRID) + 2)  # 5 % of 0.2 is reached one decade off
    assert width_decades(GRID, error, False) == pytest.approx(2.0)


def test_it_interpolates_between_few_rates():
    assert width_decades([1e-3, 1e-2, 1e-1], [0.9, 1.0, 0.8], True) == pytest.approx(0.5 + 0.25)


def test_a_reference_sets_the_scale():
    # accuracy 0.95 against a majority class of 0.9: within 5 % means 0.0025
    height = 0.95 - 0.005 * np.abs(np.log10(GRID) + 2)
    assert width_decades(GRID, height, True, reference=0.9) == pytest.approx(1.0)
    assert width_decades(GRID, 1 - height, False, reference=0.1) == pytest.approx(1.0)
    r2 = -0.1 * np.abs(np.log10(GRID) + 2)  # a best score of 0
    assert width_decades(GRID, r2, True) is None
    assert width_decades(GRID, r2, True, reference=-2.0) == pytest.approx(2.0)


def test_only_the_region_around_the_best_counts():
    assert width_decades([1e-4, 1e-3, 1e-2, 1e-1, 1], [0.99, 0.5, 1.0, 0.5, 0.99], True) == pytest.approx(0.2)


def test_flat_is_the_whole_range_and_divergence_ends_it():
    assert width_decades([1e-3, 1e-2, 1e-1], [0.5, 0.5, 0.5], True) == pytest.approx(2)
    assert width_decades([1e-3, 1e-2, 1e-1], [0.5, 0.5, math.nan], True) == pytest.approx(1)
    assert width_decades([1e-3, 1e-2, 1e-1], [math.inf, 0.5, math.nan], False) == 0.0
    assert width_decades([1e-3, 1e-2], [math.nan, math.nan], True) is None
    assert width_decades([1e-2], [0.4], True) is None


def test_the_band_is_numpys_quartiles_in_order_of_the_rate():
    values = np.random.default_rng(0).normal(size=(3, 7))
    curve = sensitivity([0.1, 0.001, 0.01], values, True)
    assert curve.rates.tolist() == [0.001, 0.01, 0.1]
    for got, q in ((curve.lower, 25), (curve.median, 50), (curve.upper, 75)):
        assert got == pytest.approx(np.percentile(values, q, axis=1)[[1, 2, 0]])
    assert curve.diverged.tolist() == [0, 0, 0]


def test_diverged_seeds_are_worst_in_the_band_never_nan():
    curve = sensitivity([0.1], [[1.0, 2.0, math.nan, math.nan]], False)
    assert (curve.lower[0], curve.median[0], curve.upper[0]) == (1.75, math.inf, math.inf)
    turned = sensitivity([0.1], [[1.0, 2.0, math.nan, math.inf]], True)
    assert (turned.lower[0], turned.median[0], turned.upper[0]) == (-math.inf, -math.inf, 1.25)
    assert turned.diverged[0] == 0.5


def test_misuse_is_refused():
    for call in (
        lambda: width_decades([0, 1], [1, 2], True),
        lambda: width_decades([1, 2], [1], True),
        lambda: width_decades([1, 2], [1, 2], True, tolerance=5),
        lambda: sensitivity([1, 2], [[1.0]], True),
    ):
        with pytest.raises(UsageError):
            call()
