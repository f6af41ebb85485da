"""Barriers of losses known in closed form."""

import jax.numpy as jnp
import numpy as np
import pytest

from ravine.diagnostics import interpolate
from ravine.errors import UsageError


def double_well(w):
    return jnp.sum(w["x"] ** 4 / 4 - w["x"] ** 2 / 2)


def test_the_double_wells_barrier_is_a_quarter():
    path = interpolate(double_well, {"x": np.array([-1.0])}, {"x": np.array([1.0])}, points=41)
    assert path.barrier == pytest.approx(0.25, abs=1e-15)
    assert path.top == 0.5 and path.error == pytest.approx(0.0, abs=1e-15)
    np.testing.assert_allclose(
        path.losses, (2 * path.positions - 1) ** 4 / 4 - (2 * path.positions - 1) ** 2 / 2, atol=1e-15
    )


def test_a_convex_loss_has_none():
    path = interpolate(lambda w: jnp.sum(w**2), np.array([-1.0, 0.0]), np.array([3.0, 1.0]))
    assert path.barrier == 0.0


def test_the_error_covers_what_the_grid_misses():
    ends = {"x": np.array([-1.0])}, {"x": np.array([1.2])}
    fine = interpolate(double_well, *ends, points=2001)
    rough = interpolate(double_well, *ends, points=6)
    assert rough.barrier < fine.barrier <= rough.barrier + rough.error


def test_misuse():
    with pytest.raises(UsageError, match="3 or more"):
        interpolate(double_well, {"x": np.ones(1)}, {"x": np.ones(1)}, points=2)
    with pytest.raises(UsageError, match="structures"):
        interpolate(double_well, {"x": np.ones(1)}, {"y": np.ones(1)})
    with pytest.raises(UsageError, match=r"\['x'\] has shape"):
        interpolate(double_well, {"x": np.ones(1)}, {"x": np.ones(2)})
    with pytest.raises(UsageError, match=r"nan on the line between the two solutions, at position 0\.5"):
        interpolate(lambda w: jnp.sum(w / w), np.array([-1.0]), np.array([1.0]), points=3)
