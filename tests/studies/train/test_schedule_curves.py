import subprocess
import sys

import numpy as np
import pytest

from ravine.errors import UsageError
from ravine.studies.train.schedule_curves import (
    BLOCKS,
    ROWS,
    schedule_figure,
    schedule_text,
    schedules_figure,
)

STEPS = 600


def columns(text):
    """The heights a reader sees, in eighths of a line, and the width of the labels."""
    lines = text.split("\n")[1 : ROWS + 1]
    margin = len(lines[0]) - len(lines[0].lstrip().split("  ", 1)[1])
    body = [line[margin:].ljust(100) for line in lines]
    return [sum(max(0, BLOCKS.find(line[k])) for line in body) for k in range(100)]


def test_a_line_is_a_line():
    """What falls linearly falls by as many eighths from the first column to the last."""
    text = schedule_text("linear", np.linspace(1, 0, STEPS), 60)
    heights = np.array([each for each in columns(text) if each])
    assert heights[0] == 8 * ROWS and heights[-1] <= 1
    assert np.abs(np.diff(heights)).max() <= 1 and (np.diff(heights) <= 0).all()


def test_steps_stand_where_they_are():
    factors = np.repeat([1.0, 0.5, 0.25, 0.0], STEPS // 4)
    text = schedule_text("step", factors, 60, value=0.1)
    heights = np.array(columns(text)[:76])
    assert heights[:75].tolist() == [32] * 19 + [16] * 18 + [8] * 19 + [0] * 19
    assert text.split("\n")[1].startswith("0.1  ")
    assert "10 epochs, 600 steps" in text
    assert text.split("\n")[-2].split() == ["epoch", "0", "2.5", "5", "7.48", "9.98"]
    assert text.split("\n")[-1].split() == ["value", "0.1", "0.05", "0.025", "0.025", "0"]


def test_what_is_too_small_to_be_seen_is_not_shown_as_nothing():
    factors = np.where(np.arange(STEPS) < 300, 1.0, 1e-6)
    assert "·" in schedule_text("x", factors, 60).split("\n")[ROWS]
    factors[300:] = 0
    assert "·" not in schedule_text("x", factors, 60)


@pytest.mark.parametrize("width", [1, 40, 80, 300])
@pytest.mark.parametrize("steps", [1, 2, 7, 5000])
@pytest.mark.parametrize("value", [1e-8, 1.0, 123456.0])
def test_no_line_is_too_wide(width, steps, value):
    text = schedule_text("a name\x1b that is long " * 9, np.linspace(1, 0.1, steps), 3.7, value, width)
    assert max(map(len, text.split("\n"))) <= max(40, width)
    assert "\x1b" not in text
    plain = schedule_text("name", np.linspace(1, 0.1, steps), 3.7, value, width, unicode=False)
    assert plain.isascii()


def test_all_zero():
    assert "value  0" in schedule_text("off", np.zeros(10), 5)


@pytest.mark.parametrize("bad", [[], [1.0, np.nan], [np.inf], [-0.1], [[1.0]]])
def test_refused(bad):
    with pytest.raises(UsageError, match="cannot be shown"):
        schedule_text("x", np.array(bad), 1)
    with pytest.raises(UsageError, match="cannot be shown"):
        schedule_figure({"x": np.array(bad)}, 1)


def test_figure():
    cosine = np.cos(np.linspace(0, np.pi / 2, 90)) ** 2
    figure = schedule_figure({"one": np.ones(90), "cosine": cosine}, 9, value=0.2, what="momentum")
    (axes,) = figure.axes
    one, two = axes.get_lines()
    np.testing.assert_array_equal(two.get_ydata()[:-1], 0.2 * cosine)
    np.testing.assert_allclose(one.get_xdata()[[0, -1]], [0, 10])
    assert axes.get_ylabel() == "momentum" and axes.get_xlabel() == "epochs"
    assert one.get_linestyle() != two.get_linestyle() and one.get_color() != two.get_color()
    assert [each.get_text() for each in axes.get_legend().get_texts()] == ["one", "cosine"]
    assert axes.get_yscale() == "linear"
    falling = schedule_figure({"exponential": 0.9 ** np.arange(90.0)}, 9, log=True)
    assert falling.axes[0].get_yscale() == "log"
    with pytest.raises(UsageError, match="no schedule"):
        schedule_figure({}, 9)


def test_a_panel_for_each_number():
    linear = np.linspace(1, 0, 20)
    figure = schedules_figure({"rate": {"linear": (linear, 0.1)}, "rho": {"up": (linear[::-1], 0.9)}}, 4)
    rate, rho = figure.axes
    np.testing.assert_allclose(rate.get_lines()[0].get_ydata()[:-1], 0.1 * linear)
    np.testing.assert_allclose(rho.get_lines()[0].get_ydata()[:-1], 0.9 * linear[::-1])
    assert (rate.get_ylabel(), rho.get_ylabel(), rho.get_xlabel()) == ("rate", "rho", "epochs")
    with pytest.raises(UsageError, match="no schedule"):
        schedules_figure({"rate": {}}, 4)


def test_text_needs_neither_jax_nor_matplotlib():
    code = "import sys, ravine.studies.train.schedule_curves\n"
    code += "print(sorted({'jax', 'matplotlib'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
