"""Curves drawn in one line of text each, with block characters whose height shows the value y.

If a column holds several points, its character shows the one with the highest block, so that no peak is lost.
`x` stands for a diverged run. A character between two points shows the nearer point. A character outside the
range of the curve's points is blank.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ravine.render.blocks import Sparkline, Sparklines
from ravine.render.cells import display_width, paint, truncate, wrap

__all__ = ["sparkline_lines"]

BLOCKS, ASCII_BLOCKS = "▁▂▃▄▅▆▇█", "_.-=+*#@"
MIN_COLUMNS = 8  # of text; narrower curves are not shown


@dataclass(frozen=True)
class Axis:
    """The x axis of a curve in text: columns of equal width, in x or in its decimal logarithm.

    log: whether the axis is logarithmic. first, last: left and right end, as decimal logarithms if `log`.
    columns: number of columns.
    """

    first: float
    last: float
    columns: int
    log: bool

    @property
    def step(self) -> float:
        """Width of a column in units of x, or of its decimal logarithm."""
        return (self.last - self.first) / self.columns

    def position(self, x: float) -> float:
        """Return the position of the value `x` on the axis, in columns of text from its left end."""
        return ((math.log10(x) if self.log else x) - self.first) / self.step


def sparkline_lines(block: Sparklines, width: int, color: bool = False, unicode: bool = True) -> list[str]:
    """Return curves as lines of text, at most `width` columns wide: title, note, one line per curve, axis.

    The list is empty if there is no curve, or if fewer than 8 columns (MIN_COLUMNS) are left for the curves.
    """
    log = block.axis == "log"
    points = [sorted(_points(line, block)) for line in block.lines]
    xs = [x for line in points for x, _ in line]
    labels = [truncate(line.label, max(8, width // 3), unicode) for line in block.lines]
    margin = max(map(display_width, [*labels, *[block.x_label] * (block.ticks != "none")]), default=0) + 2
    lead = max((display_width(line.before) + 1 for line in block.lines if line.before), default=0)
    trail = max((display_width(line.after) + 2 for line in block.lines if line.after), default=0)
    room = min(block.columns, width - margin - lead - trail)
    if not xs or room < MIN_COLUMNS:
        return []
    axis = _axis(block, min(xs), max(xs), room, len(set(xs)), log)
    shared = _range(block, points)
    lines = [paint(line, "strong", color) for line in wrap(block.title, width)]
    lines += [paint(line, "dim", color) for line in wrap(block.note, width)]
    for line, label, curve in zip(block.lines, labels, points, strict=True):
        ends = _range(block, [curve]) if block.scale == "own" else shared
        text = label + " " * (margin - display_width(label))
        text += line.before + " " * (lead - display_width(line.before))
        text += _marks(curve, axis, ends, block.downward, unicode)
        lines.append((f"{text} {line.after}" if lead else f"{text}  {line.after}").rstrip())
    if block.ticks != "none":
        ticks = _decades(axis) if block.ticks == "decades" else _ends(block, axis)
        start = truncate(block.x_label, margin - 2, unicode)
        blank = " " * (margin - display_width(start) + lead)
        lines.append(truncate(f"{start}{blank}{ticks}".rstrip(), width, unicode))
    return lines


def _points(line: Sparkline, block: Sparklines) -> list[tuple[float, float]]:
    """Return points (x, y), with y NaN where the curve diverged, without points that have no logarithm."""
    return [
        (x, math.nan if y is None else y)
        for x, y in zip(line.x, line.y, strict=True)
        if x is not None and (x > 0 or block.axis != "log")
    ]


def _axis(block: Sparklines, low: float, high: float, room: int, points: int, log: bool) -> Axis:
    """Return the axis of the curves: whole decades, or from the first point to the last."""
    if log:
        low, high = math.log10(low), math.log10(high)
    if block.ticks == "decades":
        first, last = math.floor(low), math.ceil(high)
        return Axis(first, last + (first == last), room, log)
    columns = min(room, points) if block.ticks == "none" else room
    half = (high - low) / max(1, columns - 1) / 2
    if low + half == low:  # one point, or several that are almost equal
        return Axis(low - 0.5, low + 0.5, 1, log)
    return Axis(low - half, high + half, columns, log)


def _range(block: Sparklines, curves: Sequence[Sequence[tuple[float, float]]]) -> tuple[float, float]:
    """Return the values that the lowest and the highest block character show."""
    values = [y for curve in curves for _, y in curve if math.isfinite(y)]
    low = min(values, default=0.0) if block.low is None else block.low
    high = max(values, default=1.0) if block.high is None else block.high
    return low, high


def _marks(
    curve: Sequence[tuple[float, float]],
    axis: Axis,
    ends: tuple[float, float],
    downward: bool,
    unicode: bool,
) -> str:
    """Return a curve as text: one block character for each column."""
    if not curve:
        return ""
    blocks, (low, high) = BLOCKS if unicode else ASCII_BLOCKS, ends
    positions = [(axis.position(x), y) for x, y in curve]
    text = ""
    for column in range(axis.columns):
        middle = column + 0.5
        if not positions[0][0] - 0.5 - 1e-9 <= middle <= positions[-1][0] + 0.5 + 1e-9:
            text += " "
            continue
        inside = [y for position, y in positions if column <= position < column + 1]
        finite = [y for y in inside if math.isfinite(y)]
        if finite:
            value = min(finite) if downward else max(finite)
        else:
            value = math.nan if inside else min(positions, key=lambda point: abs(point[0] - middle))[1]
        if not math.isfinite(value):
            text += "x"
            continue
        share = min(1.0, max(0.0, (value - low) / (high - low))) if high > low else 0.5
        share = 1 - share if downward else share
        text += blocks[min(len(blocks) - 1, int(share * len(blocks)))]
    return text


def _ends(block: Sparklines, axis: Axis) -> str:
    first, last = block.ends
    line = first + " " * max(1, axis.columns - display_width(first) - display_width(last)) + last
    if block.marker is not None and (block.axis != "log" or block.marker > 0):
        position = math.floor(axis.position(block.marker))
        if display_width(first) < position < axis.columns - display_width(last) - 1:
            line = line[:position] + "^" + line[position + 1 :]
    return line


def _decades(axis: Axis) -> str:
    """Return the line of text below an axis with the powers of ten that fit, each at its column."""
    line = ""
    for decade in range(round(axis.first), round(axis.last) + 1):
        position, word = round((decade - axis.first) / axis.step), f"1e{decade}"
        if position >= len(line) + bool(line) and position + len(word) <= axis.columns:
            line = line.ljust(position) + word
    return line
