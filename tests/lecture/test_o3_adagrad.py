"""O3: the asymptotic sum of the steps of AdaGrad."""

import numpy as np
import pytest

from ravine.lecture import o3_adagrad


def test_the_asymptotic_sum():
    terms = np.arange(1, 10**6 + 1, dtype=float)
    assert np.sum(1 / np.sqrt(terms)) == pytest.approx(2e3 + o3_adagrad.ZETA + 0.5e-3, abs=1e-7)
