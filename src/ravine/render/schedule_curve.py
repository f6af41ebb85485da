"""A schedule drawn as a curve in text, several lines high from 0 to the largest value, with values below."""

from __future__ import annotations

from collections.abc import Sequence

from ravine.render.blocks import Steps
from ravine.render.cells import display_width, paint, truncate, wrap
from ravine.render.numbers import number

__all__ = ["schedule_lines"]

BLOCKS, ASCII_BLOCKS = " ▁▂▃▄▅▆▇█", " .:-=+*#@"
HEIGHT_LINES = 4
MAX_WIDTH = 100  # columns of text


def schedule_lines(block: Steps, width: int, color: bool = False, unicode: bool = True) -> list[str]:
    """Return a schedule as lines of text: title, curve, axis and values, at most `width` columns wide.

    Each column of text shows one value of the schedule; the outermost columns show the first and the last
    value. A dot marks a value above 0 that is too small for a block character.
    """
    if not block.y:
        return []
    width = min(width, MAX_WIDTH)
    top = max(block.y)
    margin = display_width(number(top)) + 2
    columns = min(width - margin, len(block.y))
    values = [block.y[k] for k in _spread(len(block.y), columns)]
    lines = [paint(line, "strong", color) for line in wrap(block.title, width)]
    for row in reversed(range(HEIGHT_LINES)):
        label = number(top) if row == HEIGHT_LINES - 1 else "0" if row == 0 else ""
        lines.append(f"{label:>{margin - 2}}  {_row(values, top, row, unicode)}".rstrip())
    end = truncate(block.end, width - margin - 2, unicode)
    lines.append(f"{' ' * margin}0{' ' * max(1, columns - 1 - display_width(end))}{end}".rstrip())
    return [*lines, *_values(block, width, unicode)]


def _spread(size: int, count: int) -> list[int]:
    """Return `count` indices from 0 to size - 1, as equally spaced as possible."""
    return [round(k * (size - 1) / max(1, count - 1)) for k in range(count)]


def _row(values: Sequence[float], top: float, row: int, unicode: bool) -> str:
    """Return one line of the curve: full blocks below the height of a column, a partial one at its top."""
    blocks = BLOCKS if unicode else ASCII_BLOCKS
    full = len(blocks) - 1
    marks = ""
    for value in values:
        height = round(value / top * HEIGHT_LINES * full) if top > 0 else 0
        level = min(full, max(0, height - row * full))
        is_dot = row == 0 and level == 0 and value > 0
        marks += ("·" if unicode else ".") if is_dot else blocks[level]
    return marks


def _values(block: Steps, width: int, unicode: bool) -> list[str]:
    """Return a table of the values at the quarters of the schedule, or fewer if they do not fit."""
    last = len(block.y) - 1
    heads = block.x_label, block.y_label
    lines: list[str] = []
    for parts in (4, 2, 1):
        indices = sorted({round(last * part / parts) for part in range(parts + 1)})
        pairs = [(number(block.x[k]), number(block.y[k])) for k in indices]
        wide = [max(map(display_width, pair)) for pair in pairs]
        lines = [
            head.ljust(max(map(display_width, heads)))
            + "".join(f"  {text:>{size}}" for text, size in zip(texts, wide, strict=True))
            for head, texts in zip(heads, zip(*pairs, strict=True), strict=True)
        ]
        if display_width(lines[0]) <= width:
            break
    return [truncate(line, width, unicode) for line in lines]
