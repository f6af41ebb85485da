"""Text and pictures from plain values."""

import copy

import numpy as np
import pytest

from ravine.errors import UsageError
from ravine.render.numbers import cells
from ravine.studies.landscape.study import plots as landscape_pictures
from ravine.studies.landscape.view import landscape_text

LINE = np.linspace(-1, 1, 5)
BOWL = 1e-3 + LINE[:, None] ** 2 + LINE[None, :] ** 2


def plane(name, explained=None):
    return {
        "name": name, "points": [5, 5], "unit": "distance", "x": [-1.0, 1.0], "y": [-1.0, 1.0],
        "lowest": 1e-3, "highest": 2.001, "not_finite": 0, "explained": explained,
    }  # fmt: skip


DOCUMENT = {
    "data": {"name": "rows.csv"},
    "centre": {
        "origin": "trained here", "network": "4-8-2 relu", "parameters": 58, "optimizer": "sgd", "rate": 0.1,
        "learning_rate": 0.1, "steps": 1200,
        "loss": 1e-3, "loss_name": "cross_entropy", "rows": 1000, "gradient": 0.0,
        "length": 3.0, "chance": 0.693,
    },
    "sharpness": {
        "value": 18.0, "error": 0.5, "converged": True, "limit": 20.0, "formula": "2 / eta",
        "preconditioned": False, "measured": 18.0, "ratio": 0.9, "ratio_error": 0.025, "stable": True,
        "reason": None,
    },
    "directions": [
        {
            "name": name, "length": 1.0, "slope": 0.0, "curvature": 2.0, "error": 1e-7, "limit": 20.0,
            "lowest": 1e-3, "highest": 1.0, "not_finite": 0,
        }
        for name in ("random 1", "random 2", "eigenvector 1", "eigenvector 2", "sharpest")
    ],
    "planes": [plane("random"), plane("trajectories", [0.75, 0.2])],
    "trajectories": [
        {"optimizer": "sgd", "rate": 0.1, "steps": 1200, "points": 3, "diverged": False, "loss": 1e-3,
         "end": [0.0, 0.0], "outside": 0.0},
        {"optimizer": "adam", "rate": 0.1, "steps": 20, "points": 2, "diverged": True, "loss": None,
         "end": [0.5, 0.5], "outside": 0.1},
    ],
    "barriers": [
        {"a": 1, "b": 2, "before": 0.5, "before_error": 1e-3, "after": None, "after_error": None,
         "distance_before": None, "distance_after": None, "ends": [0.0, 0.0], "why_not": "Branches."},
    ],
    "not_drawn": [{"what": "solutions", "why": "There is 1."}],
    "notes": [],
    "files": ["seen/landscape.json"],
}  # fmt: skip
ARRAYS = {
    **{
        f"slice/{name}/{part}": values
        for name in ("random 1", "random 2", "eigenvector 1", "eigenvector 2", "sharpest", "flat")
        for part, values in (("x", LINE), ("loss", 1e-3 + LINE**2), ("limit", 1e-3 + 10 * LINE**2))
    },
    **{f"plane/{name}/x": LINE for name in ("random", "trajectories")},
    **{f"plane/{name}/y": LINE for name in ("random", "trajectories")},
    **{f"plane/{name}/loss": BOWL for name in ("random", "trajectories")},
    "plane/random/mark/centre": np.zeros((1, 2)),
    "plane/trajectories/mark/sgd": np.array([[-0.8, -0.8], [-0.2, -0.1], [0.0, 0.0]]),
    "plane/trajectories/mark/adam": np.array([[-0.8, -0.8], [0.5, 0.5]]),
    "line/1-2/t": LINE, "line/1-2/before": LINE**2,
}  # fmt: skip


def changed(**parts):
    document = copy.deepcopy(DOCUMENT)
    for name, values in parts.items():
        document[name] = {**document[name], **values} if isinstance(values, dict) else values
    return document


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("unicode", [True, False])
def test_no_line_is_wider_than_the_terminal(width, unicode):
    text = landscape_text(DOCUMENT, width, unicode=unicode)
    assert max(map(cells, text.splitlines())) <= width
    assert unicode or text.isascii()
    assert "\x1b" not in text


def test_what_was_measured_is_said():
    text = landscape_text(DOCUMENT, 100)
    for words in (
        "18 ± 0.5", "20 = 2 / eta", "0.9 ± 0.03 of the limit: stable", "95.0 % of their variance", "diverged",
        "0.5 ± 0.001", "Not aligned: Branches.", "Not drawn: solutions. There is 1.", "seen/landscape.json",
    ):  # fmt: skip
        assert words in text


@pytest.mark.parametrize(
    ("sharpness", "words"),
    [
        ({"stable": None}, "at the edge"),
        ({"stable": False}, "steps grow"),
        ({"converged": False}, "lower bound"),
        ({"limit": None, "reason": "No rule."}, "none. No rule."),
        ({"ratio": None, "preconditioned": True, "reason": "No state."}, "not known. No state."),
    ],
)
def test_the_verdict_on_sharpness(sharpness, words):
    assert words in landscape_text(changed(sharpness=sharpness), 100)


def test_a_limit_is_that_of_the_last_step_and_not_compared_where_the_rate_has_faded():
    assert "20 = 2 / eta at the last step's rate 0.1" in landscape_text(DOCUMENT, 100)
    for schedule_left, compared in ((0.02, True), (1e-4, False)):
        rate = 0.1 * schedule_left
        text = landscape_text(changed(centre={"rate": rate}, sharpness={"limit": 2 / rate}), 100)
        assert f"at the last step's rate {rate:.3g}" in text
        assert ("of the limit: stable" in text, "limit there" in text) == (compared, compared)
        assert ("not compared: of the rate 0.1" in text) != compared


def test_names_from_files_cannot_command_a_terminal():
    assert "\x1b" not in landscape_text(changed(data={"name": "a\x1b[2Jb"}), 80)


def test_every_axis_says_what_it_shows():
    found = landscape_pictures.figures(DOCUMENT, ARRAYS)
    assert list(found) == ["slices", "profile", "plane-random", "plane-trajectories", "barriers"]
    for figure in found.values():
        for axes in figure.axes:
            if axes.get_label() != "<colorbar>":
                assert axes.get_xlabel()
        assert any("[nats]" in axes.get_ylabel() for axes in figure.axes)


def test_the_parabola_of_the_limit_is_over_the_profile():
    axes = landscape_pictures.figures(DOCUMENT, ARRAYS)["profile"].axes[0]
    drawn = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
    (limit,) = (y for label, y in drawn.items() if "2 / eta" in label)
    np.testing.assert_array_equal(limit, ARRAYS["slice/sharpest/limit"])
    dashes = {(str(line.get_linestyle()), line.get_marker()) for line in axes.get_lines()}
    assert len(dashes) == len(drawn)  # told apart without colour


def test_a_parabola_as_thin_as_a_needle_is_told_not_drawn():
    directions = [{**each, "limit": 2e7} for each in DOCUMENT["directions"]]
    axes = landscape_pictures.figures({**DOCUMENT, "directions": directions}, ARRAYS)["profile"].axes[0]
    (told,) = [line for line in axes.lines if "limit" in str(line.get_label())]
    assert "not drawn" in told.get_label() and not len(told.get_xdata())


def test_no_parabola_of_the_limit_is_drawn_where_the_rate_has_faded():
    figure = landscape_pictures.figures(changed(centre={"rate": 1e-4}), ARRAYS)["profile"]
    (told,) = [line for line in figure.axes[0].lines if "limit" in str(line.get_label())]
    assert "the last step's rate 0.0001" in told.get_label() and not len(told.get_xdata())
    assert "at rate 0.0001 at the last step" in figure.get_suptitle()


@pytest.mark.parametrize(
    "loss",
    [np.full((5, 5), 2.0), np.where(BOWL > 1.5, np.inf, BOWL), np.where(BOWL > 1, np.nan, BOWL), -BOWL],
)
def test_odd_planes_are_drawn(loss, tmp_path):
    """The same loss everywhere, some that is not finite, losses below zero."""
    paths = landscape_pictures.draw(DOCUMENT, {**ARRAYS, "plane/random/loss": loss}, tmp_path, "png")
    assert all(path.stat().st_size > 5_000 for path in paths)


def test_a_plane_without_a_number_is_left_out():
    lost = {**plane("random"), "lowest": None, "highest": None, "not_finite": 25}
    assert "plane-random" not in landscape_pictures.figures(changed(planes=[lost]), ARRAYS)


def test_an_unknown_kind_of_picture_is_refused(tmp_path):
    with pytest.raises(UsageError, match="not written as 'gif'"):
        landscape_pictures.draw(DOCUMENT, ARRAYS, tmp_path, "gif")
