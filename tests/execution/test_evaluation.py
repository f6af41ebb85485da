"""Evaluation of trained runs."""

import numpy as np
from scipy.special import log_softmax

from ravine.execution.evaluation import cross_entropies


def test_cross_entropy_is_the_log_probability_of_the_label():
    random = np.random.default_rng(0)
    outputs = 5 * random.normal(size=(50, 4))
    labels = random.integers(0, 4, 50)
    expected = -log_softmax(outputs, axis=1)[np.arange(50), labels]
    np.testing.assert_allclose(cross_entropies(outputs, labels), expected, rtol=1e-12, atol=1e-14)


def test_cross_entropy_of_huge_outputs_is_finite():
    found = cross_entropies(np.array([[1e5, 0.0], [1e5, 0.0]]), np.array([0, 1]))
    np.testing.assert_array_equal(found, [0.0, 1e5])
