"""Pictures of a landscape."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ravine.errors import UsageError
from ravine.render.plot_style import COLORS
from ravine.studies.landscape.plots import draw

LINE = np.linspace(-1, 1, 5)
BOWL = 1e-3 + LINE[:, None] ** 2 + LINE[None, :] ** 2


def test_every_axis_has_a_label_and_the_loss_its_unit(example):
    found = example.figures()
    assert list(found) == ["slices", "profile", "plane-random", "plane-trajectories", "barriers"]
    for figure in found.values():
        for axes in figure.axes:
            if axes.get_label() != "<colorbar>":
                assert axes.get_xlabel()
        assert any("[nats]" in axes.get_ylabel() for axes in figure.axes)


def test_the_parabola_of_the_limit_is_over_the_profile(example):
    axes = example.figures()["profile"].axes[0]
    drawn = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
    (limit,) = (y for label, y in drawn.items() if "2 / eta" in label)
    np.testing.assert_array_equal(limit, example.arrays["slice/sharpest/limit"])
    dashes = {(str(line.get_linestyle()), line.get_marker()) for line in axes.get_lines()}
    assert len(dashes) == len(drawn)  # lines can be told apart without color


def test_a_parabola_too_narrow_to_see_is_named_but_not_drawn(example, changed):
    directions = [dataclasses.replace(row, limit=2e7) for row in example.directions]
    axes = changed(directions=directions).figures()["profile"].axes[0]
    (label,) = [line for line in axes.lines if "limit" in str(line.get_label())]
    assert "too narrow to draw" in label.get_label() and not len(label.get_xdata())


def test_no_parabola_is_drawn_where_there_is_no_limit(example, changed):
    directions = [dataclasses.replace(row, limit=None) for row in example.directions]
    axes = changed(directions=directions).figures()["profile"].axes[0]
    assert not [line for line in axes.lines if "limit" in str(line.get_label())]


def test_no_parabola_of_the_limit_is_drawn_where_the_rate_has_decayed(changed):
    figure = changed(center={"current_learning_rate": 1e-4}).figures()["profile"]
    (label,) = [line for line in figure.axes[0].lines if "limit" in str(line.get_label())]
    assert "the last step's learning rate 0.0001" in label.get_label() and not len(label.get_xdata())
    assert "at learning rate 0.0001 at the last step" in figure.get_suptitle()


@pytest.mark.parametrize(
    "loss",
    [np.full((5, 5), 2.0), np.where(BOWL > 1.5, np.inf, BOWL), np.where(BOWL > 1, np.nan, BOWL), -BOWL],
    ids=["constant", "infinite", "not a number", "negative"],
)
def test_odd_planes_are_drawn(changed, loss, tmp_path):
    paths = draw(changed(arrays={"plane/random/loss": loss}), tmp_path, "png")
    assert all(path.stat().st_size > 5_000 for path in paths)


def test_a_plane_without_a_number_is_left_out(changed, plane):
    lost = plane("random", lowest=None, highest=None, not_finite=25)
    assert "plane-random" not in changed(planes=[lost]).figures()


def test_an_unknown_kind_of_picture_is_refused(example, tmp_path):
    with pytest.raises(UsageError, match="'gif' is not a format"):
        draw(example, tmp_path, "gif")


def map_of(result, name):
    """Return the axes of the map of a plane, and the levels of its lines."""
    flat = result.figures()[f"plane-{name}"].axes[0]
    return flat, np.asarray(flat.collections[0].levels)


@pytest.mark.parametrize(("highest", "logarithmic"), [(9.0, False), (11.0, True), (1e8, True)])
def test_levels_are_logarithmic_above_a_ratio_of_ten(changed, highest, logarithmic):
    loss = np.linspace(1.0, highest, 25).reshape(5, 5)
    _, levels = map_of(changed(arrays={"plane/random/loss": loss}), "random")
    steps = np.diff(np.log(levels)) if logarithmic else np.diff(levels)
    np.testing.assert_allclose(steps, steps[0])
    assert (levels[0], levels[-1]) == pytest.approx((1.0, highest))


def test_levels_are_quantiles_where_the_lowest_loss_is_zero(changed):
    loss = np.arange(25.0).reshape(5, 5) ** 4  # half of the losses are below 12^4, a sixteenth of the highest
    _, levels = map_of(changed(arrays={"plane/random/loss": loss}), "random")
    np.testing.assert_allclose(levels, np.quantile(loss, np.linspace(0, 1, 12)))


def test_the_common_start_of_the_paths_has_a_mark_of_its_own(example):
    flat, _ = map_of(example, "trajectories")
    (start,) = [line for line in flat.get_lines() if line.get_label() == "start"]
    assert (start.get_xdata()[0], start.get_ydata()[0]) == (-0.8, -0.8)
    others = {line.get_marker() for line in flat.get_lines() if line.get_label() != "start"}
    assert start.get_marker() not in others
    assert {text.get_text() for text in flat.get_legend().get_texts()} == {"sgd", "adam", "start", "end"}


@pytest.mark.parametrize(("width", "equal"), [(1.0, True), (0.3, True), (0.2, False)])
def test_the_plane_of_the_eigenvectors_shows_the_ratio_of_the_curvatures(
    changed, example, plane, width, equal
):
    names = {"eigenvector 1": 6.0, "eigenvector 2": 1.5}
    directions = [
        dataclasses.replace(row, curvature=names.get(row.name, row.curvature)) for row in example.directions
    ]
    arrays = {f"plane/eigenvectors/{part}": value for part, value in (("x", width * LINE), ("y", LINE))}
    arrays |= {"plane/eigenvectors/loss": BOWL, "plane/eigenvectors/mark/center": np.zeros((1, 2))}
    result = changed(directions=directions, planes=[plane("eigenvectors")], arrays=arrays)
    flat, _ = map_of(result, "eigenvectors")
    assert "curvature 6 across, 1.5 up: ratio 4" in flat.get_title()
    assert (flat.get_aspect() == 1.0) == equal
    assert ("same scale" in flat.get_title()) == equal
    assert ("the horizontal axis is stretched 5-fold" in flat.get_title()) == (not equal)


@pytest.mark.parametrize("preconditioned", [True, False])
def test_the_sharpest_direction_of_a_preconditioned_rule_is_named_after_it(changed, preconditioned):
    result = changed(sharpness={"preconditioned": preconditioned}, center={"optimizer": "rmsprop"})
    title = "sharpest for rmsprop (preconditioned)" if preconditioned else "sharpest"
    assert title in str(result).replace("\n", " ")
    labels = [str(line.get_label()) for line in result.figures()["profile"].axes[0].lines]
    assert f"{title}, curvature 2" in labels


def test_the_colors_of_the_paths_do_not_depend_on_the_order_of_the_arrays(example):
    def colors(result):
        flat, _ = map_of(result, "trajectories")
        return {line.get_label(): line.get_color() for line in flat.get_lines()}

    arrays = {name: example.arrays[name] for name in sorted(example.arrays)}  # as a file holds them
    resumed = example.with_artifacts(dataclasses.replace(example.artifacts, arrays=arrays))
    assert list(arrays) != list(example.arrays) and colors(resumed) == colors(example)
    assert colors(example)["sgd"] == COLORS[0]  # the first optimizer of the command
