"""Half-widths of intervals against SciPy."""

import numpy as np
import pytest
from scipy import stats

from ravine.lecture.confidence import half_width


def test_half_width_is_that_of_scipy():
    values = np.random.default_rng(0).standard_normal(9)
    low, high = stats.t.interval(0.95, 8, values.mean(), stats.sem(values))
    assert half_width(values) == pytest.approx((high - low) / 2, rel=1e-12)
    assert np.isnan(half_width(values[:1])) and np.isnan(half_width(np.full(3, np.nan)))
    assert half_width(np.ones(4)) == 0
