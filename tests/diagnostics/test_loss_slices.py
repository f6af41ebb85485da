"""Slices of losses known in closed form; directions whose lengths and planes are known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine.diagnostics import landscape, parabola, random_directions, trajectory_plane
from ravine.errors import UsageError

PARAMS = {
    "conv": np.random.default_rng(0).standard_normal((3, 3, 2, 5)),
    "weight": np.random.default_rng(1).standard_normal((4, 6)) * np.arange(6),
    "bias": np.ones(6),
}


def test_filters_have_the_length_of_their_weights():
    for direction in random_directions(PARAMS, 3):
        for name, axes in (("conv", (0, 1, 2)), ("weight", 0)):
            own, other = (np.sqrt((each[name] ** 2).sum(axis=axes)) for each in (PARAMS, direction))
            np.testing.assert_allclose(own, other, rtol=1e-12)
        assert not direction["bias"].any()
    moved = random_directions(PARAMS, 1, move_biases=True)[0]
    assert np.linalg.norm(moved["bias"]) == pytest.approx(np.sqrt(6))
    a, b = random_directions(PARAMS, 2, normalize="none")
    assert np.abs(a["weight"] - b["weight"]).max() > 0.1
    assert np.array_equal(a["weight"], random_directions(PARAMS, 2, normalize="none")[0]["weight"])


def quadratic(w):
    return jnp.sum(jnp.array([1.0, 10.0]) * w["x"] ** 2) / 2


def test_a_quadratic_plane():
    x, y = np.linspace(-1, 1, 5), np.linspace(-2, 2, 7)
    found = landscape(
        quadratic, {"x": np.zeros(2)}, [{"x": np.array([1.0, 0])}, {"x": np.array([0, 3.0])}], x, y
    )
    np.testing.assert_allclose(found.losses, 0.5 * x[None, :] ** 2 + 45 * y[:, None] ** 2, atol=1e-12)
    assert found.losses.shape == (7, 5) and found.norms == (1.0, 3.0) and found.finite.all()


def test_a_line_and_its_parabola():
    x = np.linspace(-1, 1, 9)
    found = landscape(quadratic, {"x": np.array([1.0, 2.0])}, [{"x": np.array([0, 2.0])}], x, batch=100)
    assert found.center == pytest.approx(20.5)
    np.testing.assert_allclose(parabola(2 * x, found.center, 10.0, slope=20.0), found.losses, atol=1e-12)


def test_where_the_loss_has_no_value():
    found = landscape(lambda w: jnp.sum(jnp.log(w)), np.ones(1), [np.ones(1)], [-2.0, 0.0, 1.0])
    np.testing.assert_array_equal(found.finite, [False, True, True])
    with pytest.raises(UsageError, match="nan at the center"):
        landscape(lambda w: jnp.sum(jnp.log(w)), -np.ones(1), [np.ones(1)], [0.0])


def test_one_program_for_all_centres():
    traced = []

    def counted(w):
        traced.append(1)
        return quadratic(w)

    direction = [{"x": np.array([1.0, 0])}]
    landscape(counted, {"x": np.zeros(2)}, direction, np.linspace(-1, 1, 20))
    before = len(traced)
    landscape(counted, {"x": np.ones(2)}, direction, np.linspace(-2, 1, 20))
    assert len(traced) == before


def test_the_plane_of_a_path():
    """A path in a known plane, with a little of a third direction."""
    generator = np.random.default_rng(0)
    axes = np.linalg.qr(generator.standard_normal((50, 3)))[0].T
    t = np.linspace(0, 1, 30)
    inside = np.stack([3 * t, np.sin(3 * t), 0.01 * np.cos(20 * t)], axis=1)
    path = inside @ axes + generator.standard_normal(50)
    found = trajectory_plane(path)
    moved = path - path[-1]
    values = np.linalg.svd(moved, compute_uv=False) ** 2
    np.testing.assert_allclose(found.explained, values[:2] / values.sum(), rtol=1e-9)
    assert found.explained.sum() > 0.999
    np.testing.assert_allclose(found.directions @ found.directions.T, np.eye(2), atol=1e-12)
    again = found.coordinates @ found.directions + found.center
    np.testing.assert_allclose(np.linalg.norm(path - again, axis=1), found.outside, atol=1e-7)
    assert found.outside.max() < 0.05 and found.outside[-1] == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda: random_directions({"b": np.ones(3)}),
        lambda: random_directions(PARAMS, 0),
        lambda: random_directions(PARAMS, normalize="layer"),
        lambda: random_directions({}),
        lambda: trajectory_plane(np.zeros((5, 4))),
        lambda: trajectory_plane(np.outer(np.arange(5.0), np.ones(4))),
        lambda: trajectory_plane(np.zeros((2, 4))),
        lambda: trajectory_plane(np.full((5, 4), np.nan)),
        lambda: landscape(quadratic, {"x": np.zeros(2)}, [{"x": np.zeros(2)}], [0.0]),
        lambda: landscape(quadratic, {"x": np.zeros(2)}, [{"x": np.ones(3)}], [0.0]),
        lambda: landscape(quadratic, {"x": np.zeros(2)}, [{"x": np.ones(2)}], [0.0], [1.0]),
        lambda: landscape(quadratic, {"x": np.zeros(2)}, [{"x": np.ones(2)}], []),
        lambda: landscape(quadratic, {"x": np.zeros(2)}, [{"x": np.ones(2)}], [np.nan]),
        lambda: parabola([0.0], np.nan, 1.0),
    ],
)
def test_misuse(call):
    with pytest.raises(UsageError):
        call()


def test_float32_trees():
    jax.config.update("jax_numpy_dtype_promotion", "standard")
    params = {"w": np.ones((2, 3), np.float32)}
    directions = random_directions(params, 2)
    assert directions[0]["w"].dtype == np.float32
    found = landscape(
        lambda p: jnp.sum(p["w"] ** 2), params, directions, np.linspace(-1, 1, 3), np.linspace(-1, 1, 3)
    )
    assert found.losses[1, 1] == pytest.approx(6.0)


@pytest.mark.parametrize("threads", [1, 2, 3, 40])
@pytest.mark.parametrize("points", [1, 2, 7])
def test_threads_share_the_points_and_the_callers_settings(threads, points):
    seen = []

    def loss(w):
        seen.append((str(jnp.result_type(float)), jax.config.jax_default_matmul_precision))
        return jnp.sum(w**3)

    axis = np.linspace(-1, 1, points)
    with jax.enable_x64(True), jax.default_matmul_precision("highest"):
        found = landscape(loss, np.ones(2, np.float32), [np.ones(2, np.float32)], axis, threads=threads)
    np.testing.assert_allclose(found.losses, 2 * (1 + axis) ** 3, rtol=1e-6)
    assert set(seen) == {("float64", "highest")}


def test_a_loss_that_is_no_number():
    with pytest.raises(UsageError, match="not one number"):
        landscape(lambda w: w**2, np.ones(2), [np.ones(2)], [0.0, 1.0])
    with pytest.raises(UsageError, match="at a time"):
        landscape(jnp.sum, np.ones(2), [np.ones(2)], [0.0, 1.0], batch=0)
