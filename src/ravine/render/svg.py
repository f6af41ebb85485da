"""A chart as a static SVG picture: curves with colors and line styles, intervals, named vertical lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ravine.render.blocks import Chart, Series
from ravine.render.cells import printable
from ravine.render.numbers import number
from ravine.render.plot_style import COLORS

__all__ = ["chart_svg"]

WIDTH_PX, HEIGHT_PX = 640, 320
LEFT_PX, RIGHT_PX, TOP_PX, BOTTOM_PX = 64, 16, 12, 44  # margins
LEGEND_PX = 20  # height of a line of the legend
DASHES = ("", "8 4", "8 3 2 3", "2 3", "5 2 1 2 1 2", "12 4", "1 2")
TICKS = 5  # about this number on a linear axis
TINY = 1e-300  # half of a smaller number can be 0


@dataclass(frozen=True)
class Scale:
    """The scale of one axis of a chart, which maps values linearly to pixels.

    low, high: ends of the axis, as decimal logarithms if `log`. start, end: pixels of these ends.
    """

    low: float
    high: float
    log: bool
    start: float
    end: float

    def pixel(self, value: float | None) -> float | None:
        """Return the pixel of a value on the axis; None if it is missing, or not positive on a log axis."""
        if value is None or (self.log and value <= 0):
            return None
        position = (math.log10(value) if self.log else value) - self.low
        return self.start + position / (self.high - self.low) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Return round values for the labels of a chart axis, between the ends of the axis."""
        if self.log and self.high - self.low >= 1:
            decades = range(math.ceil(self.low - 1e-9), math.floor(self.high + 1e-9) + 1)
            powers = [10.0**decade for decade in decades[:: max(1, math.ceil(len(decades) / 8))]]
            return [power for power in powers if power > 0]
        low, high = (10**self.low, 10**self.high) if self.log else (self.low, self.high)
        rough = (high - low) / TICKS
        size = 10.0 ** math.floor(math.log10(rough))
        step = next((size * factor for factor in (1, 2, 5) if size * factor >= rough), 10 * size)
        return [k * step for k in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def chart_svg(chart: Chart) -> str:
    """Return a chart as the text of one `<svg>` element; "" if the chart has no point to draw."""
    xs = [x for line in chart.series for x in line.x]
    ys = [y for line in chart.series for values in (line.y, line.low, line.high) for y in values]
    x_ends, y_ends = _ends(xs, chart.x_log), _ends(ys, chart.y_log)
    if x_ends is None or y_ends is None:
        return ""
    top = TOP_PX + LEGEND_PX * len(chart.series)
    high = HEIGHT_PX + LEGEND_PX * len(chart.series)
    x_scale = Scale(*x_ends, chart.x_log, LEFT_PX, WIDTH_PX - RIGHT_PX)
    y_scale = Scale(*y_ends, chart.y_log, high - BOTTOM_PX, top)
    parts = [*_axes(chart, x_scale, y_scale), *_marks(chart, x_scale, y_scale)]
    for k, line in enumerate(chart.series):
        parts += [_legend(line, k), *_curve(line, k, x_scale, y_scale)]
    return (
        f'<svg viewBox="0 0 {WIDTH_PX} {high}" role="img" aria-label="{escape(printable(chart.title))}" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def _ends(values: Sequence[float | None], log: bool) -> tuple[float, float] | None:
    """Return the ends of a scale, in logarithms if `log`, with a margin of 4 %; None without a value."""
    shown = [value for value in values if value is not None and (value > 0 or not log)]
    if not shown:
        return None
    low, high = min(shown), max(shown)
    if log:
        low, high = math.log10(low), math.log10(high)
    margin = 0.04 * (high - low)
    if low - margin == low:  # one value, or several that are almost equal
        margin = 0.5 if log or abs(low) < TINY else 0.5 * abs(low)
    return low - margin, high + margin


def _axes(chart: Chart, x_scale: Scale, y_scale: Scale) -> list[str]:
    bottom, top = y_scale.start, y_scale.end
    parts = []
    for value in x_scale.ticks():
        x = x_scale.pixel(value)
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}"/>')
        parts.append(_text(x or 0, bottom + 16, number(value), "middle"))
    for value in y_scale.ticks():
        y = y_scale.pixel(value)
        parts.append(
            f'<line class="grid" x1="{LEFT_PX}" x2="{WIDTH_PX - RIGHT_PX}" y1="{y:.1f}" y2="{y:.1f}"/>'
        )
        parts.append(_text(LEFT_PX - 6, (y or 0) + 4, number(value), "end"))
    parts.append(f'<path class="axis" d="M{LEFT_PX} {top}V{bottom}H{WIDTH_PX - RIGHT_PX}"/>')
    parts.append(_text((LEFT_PX + WIDTH_PX - RIGHT_PX) / 2, bottom + 36, chart.x_label, "middle"))
    middle = (top + bottom) / 2
    turned = f' transform="rotate(-90 14 {middle:.1f})"'
    return [*parts, _text(14, middle, chart.y_label, "middle", turned)]


def _marks(chart: Chart, x_scale: Scale, y_scale: Scale) -> list[str]:
    parts = []
    for mark in chart.marks:
        x = x_scale.pixel(mark.x)
        if x is not None and x_scale.start <= x <= x_scale.end:
            parts.append(f'<path class="mark" d="M{x:.1f} {y_scale.end}V{y_scale.start}"/>')
            parts.append(_text(x + 4, y_scale.end + 12, mark.text, "start"))
    return parts


def _curve(line: Series, k: int, x_scale: Scale, y_scale: Scale) -> list[str]:
    """Return the elements of a curve: line with gaps at missing values, intervals, marks."""
    color, path, pen, parts = _color(k), "", "M", []
    lows = line.low or [None] * len(line.y)
    highs = line.high or [None] * len(line.y)
    for x_value, y_value, low, high in zip(line.x, line.y, lows, highs, strict=True):
        x, y = x_scale.pixel(x_value), y_scale.pixel(y_value)
        if x is None or y is None:
            pen = "M"
            continue
        path, pen = f"{path}{pen}{x:.1f} {y:.1f}", "L"
        ends = y_scale.pixel(low), y_scale.pixel(high)
        if None not in ends:
            parts.append(f'<path stroke="{color}" d="M{x:.1f} {ends[0]:.1f}V{ends[1]:.1f}"/>')
        if line.style != "line":
            parts.append(f'<circle fill="{color}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>')
    if path and line.style != "marks":
        parts.insert(0, f'<path {_stroke(k)} d="{path}"/>')
    return parts


def _legend(line: Series, k: int) -> str:
    y = TOP_PX + LEGEND_PX * k
    sample = f'<path {_stroke(k)} d="M{LEFT_PX} {y}h28"/>' if line.style != "marks" else ""
    if line.style != "line":
        sample += f'<circle fill="{_color(k)}" cx="{LEFT_PX + 14}" cy="{y}" r="3"/>'
    return sample + _text(LEFT_PX + 36, y + 4, line.name, "start")


def _stroke(k: int) -> str:
    dash = DASHES[k % len(DASHES)]
    return f'class="curve" stroke="{_color(k)}"' + (f' stroke-dasharray="{dash}"' if dash else "")


def _color(k: int) -> str:
    """Return the color of the k-th curve. Black becomes the color of text, which is light on dark pages."""
    color = COLORS[k % len(COLORS)]
    return "currentColor" if color == "#000000" else color


def _text(x: float, y: float, words: str, anchor: str, more: str = "") -> str:
    if not words:
        return ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(printable(words))}</text>'
