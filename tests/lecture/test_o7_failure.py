"""O7: the drift of Adam against the algorithm of Reddi et al., and the projection."""

import jax.numpy as jnp
import numpy as np
import pytest

from ravine.engines import precision_context
from ravine.lecture import o7_failure
from ravine.lecture.optimizer_path import optimizer_path
from ravine.optimizers import sgd


def test_the_drift_is_that_of_reddis_own_algorithm():
    """Theorem 1 as printed: no correction, no eps; v as a loop."""
    v, b2 = 0.0, o7_failure.B2
    for _ in range(50):
        moved = 0.0
        for gradient in (o7_failure.C, -1.0, -1.0):
            v = b2 * v + (1 - b2) * gradient**2
            moved -= gradient / np.sqrt(v)
    assert o7_failure._adam_drift() == pytest.approx(moved, rel=1e-12) and moved > 0


def test_projection_keeps_to_the_interval():
    rule = o7_failure._projected(sgd(10.0))
    with precision_context("float64"):
        path = optimizer_path(rule, lambda x, t: jnp.where(t % 2 == 0, 1.0, -1.0), jnp.asarray(0.0), 4)
    np.testing.assert_array_equal(path, [0, -1, 1, -1, 1])
