"""Pictures of a search for double descent."""

from dataclasses import replace

import numpy as np
import pytest

from ravine.studies.descent import plots


@pytest.fixture
def figures(monkeypatch):
    """The figures by name, in place of files."""
    drawn = {}
    monkeypatch.setattr(plots, "save", lambda figure, path: drawn.setdefault(path.stem, figure) and path)
    return drawn


def test_pictures_are_written_in_the_format_asked(result, tmp_path):
    before = result.to_dict()
    paths = plots.draw(result, tmp_path, "svg")
    assert [path.name for path in paths] == ["width.svg", "epochs.svg", "examples.svg"]
    assert all(path.stat().st_size > 10_000 for path in paths)
    assert result.to_dict() == before


def test_no_band_goes_below_what_an_error_can_be(result, figures, tmp_path):
    plots.draw(result, tmp_path)
    for axes in figures["epochs"].axes:
        for band in axes.collections:
            heights = band.get_paths()[0].vertices[:, 1]
            np.testing.assert_allclose([heights.min(), heights.max()], [0.0, 0.53])
    for name in ("width", "examples"):
        assert all(axes.get_ylim()[0] == 0 for axes in figures[name].axes)


def test_threshold_is_a_line(result, figures, tmp_path):
    plots.draw(result, tmp_path)
    for name, place in (("width", 32), ("examples", 150)):
        for axes in figures[name].axes:
            (line,) = [
                line for line in axes.lines if line.get_linestyle() == ":" and len(line.get_xdata()) == 2
            ]
            assert list(line.get_xdata()) == [place, place]


def test_diverged_widths_are_left_out(result, figures, tmp_path):
    plots.draw(result, tmp_path)
    plain, ridge = figures["width"].axes[0].containers[:2]
    assert len(plain.lines[0].get_xdata()) == 8
    assert len(ridge.lines[0].get_xdata()) == 9


@pytest.mark.parametrize("threshold", [4, 32, None])
def test_the_threshold_has_a_tick_where_not_every_width_has_one(result, figures, tmp_path, threshold):
    widths = [2**power for power in range(14)]
    names = ("train_loss", "train_error", "test_loss", "test_error")
    arms = [
        replace(arm, **{name: getattr(arm, name)[:1] * 14 for name in names}) for arm in result.widths.arms
    ]
    marked = replace(result.widths.threshold, units=threshold)
    parameters = [units + 1 for units in widths]
    wide = replace(result.widths, units=widths, parameters=parameters, arms=arms, threshold=marked)
    plots.draw(replace(result, widths=wide), tmp_path)
    ticks = figures["width"].axes[0].get_xticks()
    assert len(ticks) == 7 and (threshold in ticks if threshold else widths[-1] in ticks)
