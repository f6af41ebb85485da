"""Curves in one line: heights, gaps, divergence, axes."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.render.blocks import Sparkline, Sparklines
from ravine.render.text import text

BLOCKS = "▁▂▃▄▅▆▇█"


def marks(x, y, **more):
    (line,) = text([Sparklines([Sparkline("", x, y)], **more)]).splitlines()[:1]
    return line.removeprefix("  ")


def test_a_point_a_column_from_low_to_high():
    assert marks(range(8), range(8)) == BLOCKS
    assert marks(range(8), range(8), downward=True) == BLOCKS[::-1]


def test_order_of_points_does_not_matter():
    assert marks([2, 0, 1], [2, 0, 1]) == marks([0, 1, 2], [0, 1, 2])


@pytest.mark.parametrize("bad", [None, math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_a_cross(bad):
    assert marks(range(5), [0, 1, bad, 1, bad]) == "▁█x█x"
    assert marks(range(5), [bad] * 5) == "xxxxx"


def test_equal_values_stand_in_the_middle():
    assert marks(range(4), [3, 3, 3, 3]) == "▅▅▅▅"
    assert marks([1.0], [2.0]) == "▅"


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=60))
def test_a_higher_mark_is_a_higher_value(values):
    shown = marks(range(len(values)), values)
    heights = [BLOCKS.index(mark) for mark in shown]
    assert len(heights) == len(values)
    for left, right in zip(heights, values, strict=True):
        assert all((left <= other) or right >= value for other, value in zip(heights, values, strict=True))


def test_the_ends_may_be_given():
    assert marks(range(3), [0.0, 0.5, 9.0], low=0.0, high=1.0) == "▁▅█"


def test_no_peak_is_lost_where_points_share_a_column():
    y = [0.0] * 200
    y[77] = 1.0
    assert marks(range(200), y).count("█") == 1
    assert marks(range(200), [1 - value for value in y], downward=True).count("█") == 1


def test_own_scales_and_shared_ones():
    lines = [Sparkline("a", [0, 1], [0, 1], "0 to 1"), Sparkline("bb", [0, 1], [0, 100], "0 to 100")]
    assert text([Sparklines(lines)]) == "a   ▁▁  0 to 1\nbb  ▁█  0 to 100"
    assert text([Sparklines(lines, scale="own")]) == "a   ▁█  0 to 1\nbb  ▁█  0 to 100"


def test_first_and_last_value_around_a_curve():
    lines = [Sparkline("train loss", range(3), [2, 1, 0], "0.08", "2.31")]
    assert text([Sparklines(lines)]) == "train loss  2.31 █▅▁ 0.08"


def test_decades_begin_where_their_power_of_ten_lies():
    x = [10 ** (k / 10) for k in range(-40, 1)]
    block = Sparklines([Sparkline("sgd", x, range(41))], axis="log", ticks="decades", columns=40)
    curve, axis = text([block]).splitlines()
    assert axis.split() == ["1e-4", "1e-3", "1e-2", "1e-1"]
    assert [axis.index(word) - len("sgd  ") for word in axis.split()] == [0, 10, 20, 30]
    assert len(curve) == 5 + 40


def test_a_curve_is_blank_outside_its_own_points():
    x = [10.0**k for k in range(-4, 0)]
    block = Sparklines(
        [Sparkline("a", x, [1, 2, 3, 4]), Sparkline("b", x[:2], [1, 2]), Sparkline("c", [], [])],
        axis="log", ticks="decades", columns=40,
    )  # fmt: skip
    a, b, c, _ = text([block]).splitlines()
    assert len(b) < len(a) - 20 and c == "c"


def test_ends_and_the_marker():
    block = Sparklines(
        [Sparkline("loss", [1, 10, 100], [1, 2, 3])], "By width", axis="log", ticks="ends",
        ends=("1", "100"), marker=10, x_label="units", columns=21,
    )  # fmt: skip
    title, curve, axis = text([block]).splitlines()
    assert (title, curve) == ("By width", f"loss   {'▁' * 6}{'▅' * 10}{'█' * 5}")
    assert axis == "units  1         ^       100"


def test_too_narrow_for_a_curve():
    assert text([Sparklines([Sparkline("x" * 30, [0, 1], [0, 1], "y" * 30)])], 40) == ""


def test_a_logarithmic_axis_has_no_place_for_zero():
    assert marks([0, 1, 10], [5, 1, 2], axis="log") == "▁█"


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="the same length"):
        Sparkline("a", [1, 2], [1])
    with pytest.raises(ValueError, match="the same length"):
        Sparkline("a", [1, 2], [])
