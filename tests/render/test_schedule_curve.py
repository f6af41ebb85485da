"""Schedules as text: heights, ends, values at the quarters."""

import pytest

from ravine.render.blocks import Steps
from ravine.render.text import text


def shown(values, width=80, **more):
    x = [k / 10 for k in range(len(values))]
    return text([Steps("a schedule", x, values, **more)], width).splitlines()


def test_a_falling_line():
    title, *rows, axis, epochs, values = shown([4.0, 3.0, 2.0, 1.0], end="3 epochs")
    assert title == "a schedule"
    assert rows == ["4  █", "   ██", "   ███", "0  ████"]
    assert axis == "   0 3 epochs"
    assert epochs.split() == ["epoch", "0", "0.1", "0.2", "0.3"]
    assert values.split() == ["value", "4", "3", "2", "1"]


def test_a_value_above_zero_is_never_unseen():
    rows = shown([1.0, 1e-6, 0.0])[1:5]
    assert rows[-1] == "0  █·"
    assert text([Steps("s", [0, 1], [1.0, 1e-6])], unicode=False).splitlines()[4] == "0  @."


def test_quarters_of_a_long_schedule_first_and_last_included():
    *_, epochs, values = shown([k / 1000 for k in range(1001)])
    assert epochs.split() == ["epoch", "0", "25", "50", "75", "100"]
    assert values.split() == ["value", "0", "0.25", "0.5", "0.75", "1"]


def test_all_zero():
    lines = shown([0.0] * 10)
    assert [line.strip() for line in lines[1:5]] == ["0", "", "", "0"]


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -0.1])
def test_refused(bad):
    with pytest.raises(ValueError, match="at least 0"):
        Steps("s", [0, 1], [1.0, bad])
