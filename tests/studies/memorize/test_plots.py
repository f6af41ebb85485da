"""Pictures of a measurement of memorization."""

from dataclasses import replace

import numpy as np
import pytest

from ravine.studies.memorize import plots


@pytest.fixture
def figures(monkeypatch):
    """The figures by name, in place of files."""
    drawn = {}
    monkeypatch.setattr(plots, "save", lambda figure, path: drawn.setdefault(path.stem, figure) and path)
    return drawn


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_pictures_are_written_in_the_format_asked(result, tmp_path, kind):
    before = result.to_dict()
    paths = plots.draw(result, tmp_path, kind)
    assert [path.name for path in paths] == [f"random_labels.{kind}", f"limits.{kind}", f"bounds.{kind}"]
    assert all(path.stat().st_size > 10_000 for path in paths)
    assert result.to_dict() == before


def test_measured_error_is_drawn_with_its_interval(result, figures, tmp_path):
    plots.draw(result, tmp_path)
    (bars,) = figures["bounds"].axes[0].containers
    segments = bars.lines[2][0].get_segments()
    np.testing.assert_allclose([segment[:, 1] for segment in segments], [[31 - 3.44, 31 + 3.44]] * 3)


def test_diverged_arms_are_left_out(result, figures, tmp_path):
    plots.draw(result, tmp_path)
    labels = [[tick.get_text() for tick in axes.get_yticklabels()] for axes in figures["limits"].axes]
    assert labels == [["no limit", "L2 0.01", "dropout 0.5"], ["no limit", "L2 0.01"]]


def test_without_limits_there_is_no_picture_of_them(result, figures, tmp_path):
    plots.draw(replace(result, limits=[]), tmp_path)
    assert set(figures) == {"random_labels", "bounds"}
