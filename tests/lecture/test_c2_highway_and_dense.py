"""C2: gates and dense connections by quadrature and by limits."""

import numpy as np
import pytest
from scipy import stats

from ravine.lecture import c2_highway_and_dense as c2


def test_an_open_gate_is_the_plain_chain_and_a_shut_one_lets_all_past():
    z = np.linspace(-12, 12, 200_001)
    weight = stats.norm.pdf(z) * (z[1] - z[0])
    q, gain = 1.0, 1.0
    for _ in range(c2.DEPTH):
        s = 1 / (1 + np.exp(-np.sqrt(q) * z))
        gain, q = gain * (weight @ (s * (1 - s)) ** 2), weight @ s**2
    assert c2.highway(60.0)[-1] == pytest.approx(np.sqrt(gain), rel=1e-6)
    assert c2.highway(-60.0)[-1] == pytest.approx(1.0, abs=1e-12)


def test_the_dense_product_telescopes():
    expected = np.sqrt((c2.WIDTH + c2.DEPTH * c2.GROWTH) / c2.WIDTH)
    assert c2.dense(np.ones(c2.DEPTH)) == pytest.approx(expected, rel=1e-12)
    assert c2.dense(np.zeros(c2.DEPTH)) == 1
