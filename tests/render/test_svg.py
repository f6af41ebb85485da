"""Charts as SVG: points where their values lie, gaps, intervals, axes."""

import re
import xml.etree.ElementTree as xml

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.render.blocks import Chart, Mark, Series
from ravine.render.svg import chart_svg

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*series, **more):
    return xml.fromstring(chart_svg(Chart("title", series, **more)))


def circles(tree):
    return [tuple(float(dot.attrib[axis]) for axis in ("cx", "cy")) for dot in tree.iter(f"{SVG}circle")]


def curves(tree):
    return [line.attrib["d"] for line in tree.iter(f"{SVG}path") if line.get("class") == "curve"]


def test_equal_steps_are_equally_wide_and_higher_is_higher():
    _, *dots = circles(drawn(Series("a", [0, 1, 2], [10, 20, 30])))
    (x0, y0), (x1, y1), (x2, y2) = dots
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.2) and x1 > x0
    assert y0 - y1 == pytest.approx(y1 - y2, abs=0.2) and y1 < y0


def test_factors_of_ten_are_equally_wide_on_a_logarithmic_axis():
    _, *dots = circles(drawn(Series("a", [1, 10, 100], [1, 10, 100]), x_log=True, y_log=True))
    assert dots[1][0] - dots[0][0] == pytest.approx(dots[2][0] - dots[1][0], abs=0.2)
    assert dots[0][1] - dots[1][1] == pytest.approx(dots[1][1] - dots[2][1], abs=0.2)


def test_a_missing_value_is_a_gap():
    tree = drawn(Series("a", range(5), [1, 2, None, 2, 1]))
    curve = curves(tree)[1]  # the first is in the legend
    assert curve.count("M") == 2 and curve.count("L") == 2
    assert len(circles(tree)) == 1 + 4


def test_intervals_join_their_ends():
    tree = drawn(Series("a", [0, 1], [2, 2], [1, 2], [3, 2], "marks"))
    bars = [line.attrib["d"] for line in tree.iter(f"{SVG}path") if line.get("class") is None]
    low, high = re.fullmatch(r"M[\d.]+ ([\d.]+)V([\d.]+)", bars[0]).groups()
    assert float(low) > circles(tree)[1][1] > float(high)
    assert not curves(tree)


def test_curves_are_told_apart_without_color():
    tree = drawn(*(Series(name, [0, 1], [0, 1], style="line") for name in "abcdefg"))
    dashes = {
        line.get("stroke-dasharray") for line in tree.iter(f"{SVG}path") if line.get("class") == "curve"
    }
    assert len(dashes) == 7
    assert [text.text for text in tree.iter(f"{SVG}text") if text.text in "abcdefg"] == list("abcdefg")


def test_marks_outside_are_left_out():
    tree = drawn(Series("a", [0, 1], [0, 1]), marks=[Mark(0.5, "inside"), Mark(9, "outside")])
    texts = [text.text for text in tree.iter(f"{SVG}text")]
    assert "inside" in texts and "outside" not in texts


def test_nothing_to_draw():
    assert chart_svg(Chart("x", [])) == ""
    assert chart_svg(Chart("x", [Series("a", [0, 1], [None, None])])) == ""
    assert chart_svg(Chart("x", [Series("a", [-1, 0], [1, 2])], x_log=True)) == ""


@given(
    st.lists(st.tuples(st.floats(-1e9, 1e9), st.none() | st.floats(-1e9, 1e9)), max_size=8),
    st.booleans(),
    st.booleans(),
)
def test_every_point_lies_in_the_picture(points, x_log, y_log):
    series = Series("a", [x for x, _ in points], [y for _, y in points])
    shown = chart_svg(Chart("t", [series], x_log=x_log, y_log=y_log))
    if shown:
        tree = xml.fromstring(shown)
        _, _, wide, high = map(float, tree.attrib["viewBox"].split())
        assert all(0 <= x <= wide and 0 <= y <= high for x, y in circles(tree))
        assert len(list(tree.iter(f"{SVG}line"))) < 40
