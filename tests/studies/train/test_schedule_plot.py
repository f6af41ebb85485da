"""The picture of schedules: one panel for each hyperparameter, in the format that its name says."""

from __future__ import annotations

import pytest

from ravine.errors import UsageError
from ravine.studies.train.result import ScheduleCurve
from ravine.studies.train.schedule_plot import check_picture_name, draw_schedules


def curve(what, values):
    epochs = None if values is None else [float(place) for place in range(len(values))]
    return ScheduleCurve(
        what=what, schedule="linear", steps=10, total_epochs=2.0, epochs=epochs, values=values
    )


@pytest.mark.parametrize(("ending", "begins"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_the_ending_says_the_format(tmp_path, ending, begins):
    path = draw_schedules([curve("learning rate", [0.1, 0.05, 0.0])], tmp_path / f"a.{ending}")
    assert path.read_bytes().startswith(begins)


def test_every_schedule_has_a_panel_and_one_that_waits_for_the_loss_has_none(tmp_path):
    curves = [curve("learning rate", [0.1, 0.0]), curve("dropout", [0.5, 0.5]), curve("l2", None)]
    text = draw_schedules(curves, tmp_path / "a.svg").read_text()
    assert text.count('id="axes_') == 2
    assert text.count("<!-- dropout -->") == 1 and "<!-- l2 -->" not in text


def test_zeros_are_drawn_and_a_schedule_that_waits_for_the_loss_is_refused(tmp_path):
    assert draw_schedules([curve("learning rate", [0.0, 0.0])], tmp_path / "a.png").exists()
    with pytest.raises(UsageError, match="depends on the validation loss"):
        draw_schedules([curve("learning rate", None)], tmp_path / "b.png")


@pytest.mark.parametrize("name", ["a", "a.gif", "png"])
def test_another_ending_is_refused(name):
    with pytest.raises(UsageError, match="cannot be written"):
        check_picture_name(name)
