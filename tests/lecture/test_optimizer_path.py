"""The path of an optimizer: its first point, its steps, and where it is evaluated."""

import jax.numpy as jnp
import numpy as np

from ravine.engines import precision_context
from ravine.lecture.optimizer_path import optimizer_path
from ravine.optimizers import nesterov, sgd


def test_a_walk_starts_at_the_start_and_steps_as_told():
    with precision_context("float64"):
        path = optimizer_path(
            sgd(0.5), lambda w, t: jnp.where(t == 1, 2.0, 0.0) * jnp.ones(2), jnp.asarray([1.0, 3.0]), 3
        )
    np.testing.assert_array_equal(path, [[1, 3], [1, 3], [0, 2], [0, 2]])


def test_a_walk_is_judged_where_the_rule_is():
    """Nesterov's first step is that of SGD in w, though what is stored has gone further."""
    with precision_context("float64"):
        path = optimizer_path(nesterov(0.1, rho=0.9), lambda w, t: w, jnp.asarray(1.0), 1)
    np.testing.assert_allclose(path, [1.0, 0.9], rtol=1e-15)
