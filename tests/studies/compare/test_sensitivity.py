"""Sensitivity curves: one axis of rates, one scale of scores, whose marks are read off the text."""

import math
from dataclasses import replace

import pytest

from ravine.execution.describe import score_format_of
from ravine.execution.result_parts import MetricFacts
from ravine.render.cells import display_width
from ravine.render.text import text
from ravine.studies.compare.sensitivity import sensitivity_curves

ACCURACY = MetricFacts(name="accuracy", greater_is_better=True)
RMSE = MetricFacts(name="rmse", greater_is_better=False)
MARKS = "▁▂▃▄▅▆▇█"


def lines_of(rows, metric=ACCURACY, width=80):
    block = sensitivity_curves(rows, score_format_of(metric, rows))
    return text([replace(block, note="")], width).splitlines()


def test_a_curve_peaks_at_its_best_rate_and_marks_divergence(row_of):
    line, axis = lines_of([row_of("nesterov", 1, 0.983, 0.002)], width=100)
    margin, columns = len("nesterov  "), 72
    best = margin + (-2.5 + 5) / 4 * columns  # the axis runs over four decades from 1e-5
    assert line[int(best)] == "█" and line[margin:].strip()[0] == "▁" and line[-1] == "x"
    first_x = margin + (math.log10(0.04) + 5) / 4 * columns
    assert abs(line.index("x") - first_x) <= 0.1 / 4 * columns + 1  # half a gap between two trials
    assert axis.split() == ["1e-5", "1e-4", "1e-3", "1e-2"]


def test_lower_is_better_turns_the_curve_over(curve_of, row_of):
    row = row_of("sgd", 1, 1.0, 0.1, sensitivity=curve_of([1e-3, 1e-2, 1e-1], [3.0, 1.0, 2.0]))
    levels = [MARKS.index(mark) for mark in lines_of([row], RMSE)[0].removeprefix("sgd").strip()]
    assert levels[0] == min(levels) and max(levels) == 7 and levels[-1] not in (0, 7)


def test_curves_share_one_axis_and_one_scale(curve_of, row_of):
    low = row_of("low", 1, 0.9, 0.1, sensitivity=curve_of([1e-4, 1e-3], [0.9, 0.9]))
    high = row_of("high", 2, 0.5, 0.1, sensitivity=curve_of([1e-1, 1.0], [0.7, 0.7]))
    first, second, _ = (line.ljust(60)[6:] for line in lines_of([low, high], width=60))
    assert all(a == " " or b == " " for a, b in zip(first, second, strict=True))
    assert set(first) == {" ", "█"} and set(second) == {" ", "▁"}


@pytest.mark.parametrize(("metric", "sign"), [(ACCURACY, 1.0), (RMSE, -1.0)])
def test_a_far_outlier_does_not_flatten_the_rest(metric, sign, curve_of, row_of):
    scores = [sign * score for score in (-1e6, 0.5, 0.6, 0.7, 0.8)]
    row = row_of("sgd", 1, 0.8, 0.1, sensitivity=curve_of([1e-4, 1e-3, 1e-2, 1e-1, 1.0], scores))
    block = sensitivity_curves([row], score_format_of(metric, [row]))
    worst = 0.6 - 3 * (0.8 - 0.6)  # three times as far below the median as the best lies above
    assert sorted([sign * block.low, sign * block.high]) == pytest.approx([worst, 0.8])


@pytest.mark.parametrize(
    ("rates", "scores"),
    [
        ([0.1], [None]),
        ([1.0, 1.0], [0.5, 0.5]),
        ([1e-300, 1e300], [0.1, 1e300]),
        ([1e-3, 1e-2], [0.5, None]),
    ],
)
def test_odd_curves_fit(rates, scores, curve_of, row_of):
    row = row_of("sgd", 1, 0.9, 0.1, sensitivity=curve_of(rates, scores))
    lines = lines_of([row], width=60)
    assert lines and all(display_width(line) <= 60 for line in lines)
    assert ("x" in lines[0]) == (None in scores)
