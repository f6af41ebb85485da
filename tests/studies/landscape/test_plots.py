"""Pictures of a landscape."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ravine.errors import UsageError
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
