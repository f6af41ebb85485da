"""The gain of a gradient through the layers of a network that is written out."""

import numpy as np
import pytest

from ravine.engines import precision_context
from ravine.lecture.gradient_gain import gradient_gain
from ravine.networks import Network


def test_gains_of_a_net_written_out():
    generator = np.random.default_rng(1)
    net = Network((4, 4, 4, 2), "tanh", "residual")
    params = net.init(generator, dtype="float64")
    x, outside = generator.standard_normal((3, 4)), generator.standard_normal((3, 2))
    first, second, last = (layer["weight"] for layer in params)
    h = x + np.tanh(x @ first)
    late = outside @ last.T
    inner = (1 - np.tanh(h @ second) ** 2) * late  # at the second layer's sums
    middle = late + inner @ second.T
    outer = (1 - np.tanh(x @ first) ** 2) * middle
    early = middle + outer @ first.T
    with precision_context("float64"):
        gain, by_layer = gradient_gain(net, params, x, outside)
    assert float(gain) == pytest.approx(np.linalg.norm(early) / np.linalg.norm(late), rel=1e-12)
    expected = np.array([np.linalg.norm(outer), np.linalg.norm(inner)]) / np.linalg.norm(inner)
    np.testing.assert_allclose(by_layer, expected, rtol=1e-12)
