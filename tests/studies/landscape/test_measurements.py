"""Measurements around a point, against closed forms and against another way of computing them."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine.diagnostics import to_vector
from ravine.engines import precision_context
from ravine.errors import UsageError
from ravine.networks import Network
from ravine.optimizers import compose, resolve
from ravine.studies.landscape.loss_point import (
    LossPoint,
    preconditioner_of,
    rows_per_chunk,
    training_loss,
)
from ravine.studies.landscape.measurements import LocalGeometry, barriers, plane_of_solutions
from ravine.training import Rows


def linear_view(**more):
    """A linear regression, whose loss is a quadratic with a Hessian known in closed form."""
    random = np.random.default_rng(3)
    x, y = random.normal(size=(40, 3)), random.normal(size=40)
    weight = np.abs(random.normal(size=40)) if more.pop("weighted", False) else None
    params = [{"bias": random.normal(size=1), "weight": random.normal(size=(3, 1))}]
    given = {"rule": resolve("sgd"), "rate": 0.1, "origin": "here"} | more
    return LossPoint(Network((3, 1)), params, "squared_error", Rows(x, y, weight), {}, **given)


def closed_form(view):
    """Hessian of mean m (w.x + b - y)^2 in the order bias, weights."""
    x = np.concatenate([np.ones((40, 1)), view.rows.x], axis=1)
    m = np.ones(40) if view.rows.weight is None else view.rows.weight
    return 2 * (x.T * m) @ x / 40


@pytest.mark.parametrize("weighted", [False, True])
def test_curvature_of_a_quadratic_is_its_hessian(weighted):
    view = linear_view(weighted=weighted)
    geometry, hessian = LocalGeometry(view), closed_form(view)
    np.testing.assert_allclose(geometry.pairs.values, np.linalg.eigvalsh(hessian)[::-1][:2], rtol=1e-8)
    along = np.array([1.0, -2.0, 0.5, 3.0])
    found = geometry.direction("a", along, np.linspace(-1, 1, 5))
    unit = along / np.linalg.norm(along)
    assert found.curvature == pytest.approx(unit @ hessian @ unit, rel=1e-12)
    assert found.error < 1e-12
    # along a line a quadratic is its own parabola
    t = found.along.x * found.norm
    expected = geometry.value + found.slope * t + found.curvature * t**2 / 2
    np.testing.assert_allclose(found.along.losses, expected, rtol=1e-12)


def test_the_limit_of_sgd_is_two_over_the_rate_in_every_direction():
    geometry = LocalGeometry(linear_view(rate=0.25))
    found = geometry.direction("a", np.ones(4), np.linspace(-1, 1, 5))
    assert found.limit == pytest.approx(8.0)
    t = found.along.x * 2.0
    np.testing.assert_allclose(
        geometry.limit_parabola(found), geometry.value + found.slope * t + t**2 / 0.25, rtol=1e-12
    )
    ratio, steep = geometry.sharpness()
    assert ratio.value == pytest.approx(geometry.pairs.values[0] / 8)
    assert np.linalg.norm(steep) == pytest.approx(1)


def test_the_preconditioned_limit_is_that_of_the_scaled_hessian():
    """Adam after one step on a constant gradient: P = (1 - b1) (|g| + eps), by the rule's equations."""
    view = linear_view(rule=resolve("adam"), rate=0.01)
    rule = view.rule.build(0.01)
    gradient = [{"bias": np.array([0.5]), "weight": np.array([[2.0], [-4.0], [1.0]])}]
    with precision_context("float64"):
        _, state = rule.update(gradient, rule.init(view.params), view.params)
    diagonal = preconditioner_of(view.rule, state)
    np.testing.assert_allclose(diagonal, 0.1 * (np.array([0.5, 2.0, 4.0, 1.0]) + 1e-8), rtol=1e-10)
    geometry = LocalGeometry(dataclasses.replace(view, state=state))
    ratio, steep = geometry.sharpness()
    root = 1 / np.sqrt(diagonal)
    values, vectors = np.linalg.eigh(root[:, None] * closed_form(view) * root)
    assert ratio.value == pytest.approx(values[-1] / (3.8 / (0.1 * 0.01)), rel=1e-8)
    along = root * vectors[:, -1]
    assert abs(steep @ along) == pytest.approx(np.linalg.norm(along), rel=1e-8)
    # (2): along that direction the curvature is the same share of its limit
    found = geometry.direction("s", steep, np.linspace(-1, 1, 3))
    assert found.curvature / found.limit == pytest.approx(ratio.value, rel=1e-8)


def test_state_inside_averages_is_found():
    rule = resolve("rmsprop")
    averaged = compose(rule.build(0.1), rate=0.1, mask=None, weight_decay=0.1, ema=0.9)
    with precision_context("float64"):
        _, state = averaged.update([np.array([3.0])], averaged.init([np.zeros(1)]), [np.zeros(1)])
    np.testing.assert_allclose(preconditioner_of(rule, state), np.sqrt(0.1 * 9 + 1e-8), rtol=1e-12)


def test_without_state_or_rate_there_is_no_ratio_and_a_reason():
    adam = LocalGeometry(linear_view(rule=resolve("adam"), rate=0.01))
    assert adam.sharpness()[0] is None
    assert "saved models do not contain it" in adam.why_not
    ended = LocalGeometry(linear_view(rate=0.0))
    assert ended.limit.value is None
    assert "zero" in ended.why_not
    assert LocalGeometry(linear_view(rule=None, rate=None)).sharpness()[0] is None


def test_parts_of_the_rows_give_the_loss_of_all():
    network = Network((3, 1))
    view = linear_view(weighted=True)
    with precision_context("float64"):
        data = tuple(jnp.asarray(each) for each in view.rows)
        whole = training_loss(network, "squared_error", (), None)(view.params, *data)
        parts = training_loss(network, "squared_error", (), 7)(view.params, *data)
    assert float(whole) == pytest.approx(float(parts), rel=1e-14)
    assert rows_per_chunk(network, 10**9, 2**20) < 10**9
    assert rows_per_chunk(network, 10, 2**20) is None


def test_batch_norm_sees_all_rows_at_every_point():
    """The function does not change when a layer's weights are scaled: running statistics would be stale."""
    network = Network((3, 4, 2), norm="batchnorm")
    params = network.init(np.random.default_rng(0), dtype="float64")
    random = np.random.default_rng(1)
    rows = Rows(random.normal(size=(30, 3)), random.integers(0, 2, 30).astype(np.int32))
    view = LossPoint(network, params, "cross_entropy", rows, {}, None, None, "here")
    scaled = [{**params[0], "weight": 100 * params[0]["weight"]}, params[1]]
    flat = [np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(each)]) for each in (params, scaled)]
    one, other = view.at(np.stack(flat))
    assert one == pytest.approx(other, rel=1e-4)  # up to the epsilon under the root
    assert rows_per_chunk(network, 10**9, 2**20) is None


@pytest.mark.parametrize(
    ("network", "weighted"),
    [
        (Network((3, 4, 5, 2)), False),
        (Network((3, 4, 5, 2)), True),
        (Network((3, 2)), False),
        (Network((3, 4, 2), "leaky_relu", dropout=True), False),
        (Network((3, 4, 4, 2), "tanh", connection="highway"), False),
        (Network((3, 4, 4, 2), connection="dense"), True),
        (Network((3, 4, 2), norm="batchnorm"), False),
        (Network((3, 4, 2), "leaky_relu", norm="layernorm", slope=True, dropout=True), False),
        (Network((16, 4, 2), conv=(3, 2), image=(4, 4, 1)), True),
    ],
    ids=str,
)
@pytest.mark.parametrize(("rows", "budget"), [(1, 2**20), (150, 2**20), (150, 1)])
def test_a_plane_is_the_loss_at_each_of_its_points(network, weighted, rows, budget, monkeypatch):
    """The first layer's sums, put together from those of the axes, are those of the weights moved.

    All rows at once, and in parts of 64.
    """
    monkeypatch.setattr("ravine.studies.landscape.loss_point.PLANE_CACHE_BYTES", budget)
    random = np.random.default_rng(0)
    x, y = random.normal(size=(rows, network.sizes[0])), random.integers(0, 2, rows).astype(np.int32)
    weight = np.abs(random.normal(size=rows)) if weighted else None
    params, *along = (network.init(np.random.default_rng(k), dtype="float64") for k in range(3))
    view = LossPoint(network, params, "cross_entropy", Rows(x, y, weight), {"slope": 0.1}, None, None, "here")
    here, *ways = (to_vector(each) for each in (params, *along))
    across, up = np.array([-1.0, 0.0, 0.7]), np.array([-0.4, 2.0])
    for directions, axes in ((along[:1], (across,)), (along, (across, up))):
        grid = view.loss_grid(directions, *axes)
        places = np.stack([each.ravel() for each in np.meshgrid(*axes)], axis=1)
        expected = view.at(here + places @ np.stack(ways[: len(axes)]))
        np.testing.assert_allclose(grid.losses.ravel(), expected, rtol=1e-11)
        assert grid.center == pytest.approx(view.at(here)[0], rel=1e-12)


def test_the_plane_goes_through_its_solutions():
    view = linear_view()
    random = np.random.default_rng(5)
    geometry = LocalGeometry(view)
    solutions = np.stack(
        [geometry.vector, geometry.vector + random.normal(size=4), geometry.vector + random.normal(size=4)]
    )
    plane = plane_of_solutions(geometry, solutions, 9)
    places = np.concatenate(list(plane.marks.values()))
    distances = np.linalg.norm(solutions[:, None] - solutions[None], axis=2)
    np.testing.assert_allclose(np.linalg.norm(places[:, None] - places[None], axis=2), distances, atol=1e-12)
    with pytest.raises(UsageError, match="on one line"):
        plane_of_solutions(geometry, np.stack([geometry.vector, geometry.vector + 1, geometry.vector + 2]), 9)


def test_a_permuted_copy_has_no_barrier_once_aligned():
    network = Network((4, 6, 3), "tanh")
    params = network.init(np.random.default_rng(0), dtype="float64")
    order = np.array([3, 1, 5, 0, 2, 4])
    moved = [
        {"weight": params[0]["weight"][:, order], "bias": params[0]["bias"][order]},
        {"weight": params[1]["weight"][order], "bias": params[1]["bias"]},
    ]
    random = np.random.default_rng(1)
    x = random.normal(size=(50, 4))
    with precision_context("float64"):
        y = np.asarray(network.apply(params, x)).argmax(axis=1).astype(np.int32)
    view = LossPoint(network, params, "cross_entropy", Rows(x, y), {}, None, None, "here")
    flat = [np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(each)]) for each in (params, moved)]
    (found,) = barriers(view, np.stack(flat))
    assert found.before.barrier > 0.05
    assert found.after.barrier < 1e-12
    # a difference of squares of length about 10: its root keeps half the digits
    assert found.distances[1] < 1e-6 < 1 < found.distances[0]
