"""A curve in one line of text: a block a column, the higher the fuller, `x` where it was not finite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ravine.render.numbers import is_number

__all__ = ["blocks_of", "span", "strip"]

BLOCKS, PLAIN = "▁▂▃▄▅▆▇█", "_.-=+*#@"


def blocks_of(unicode: bool) -> str:
    """Return the marks from low to high."""
    return BLOCKS if unicode else PLAIN


def span(curves: Sequence[Sequence[Any]]) -> tuple[float, float]:
    """Return lowest and highest of all finite values, a span that is never empty."""
    seen = [float(each) for curve in curves for each in curve if is_number(each)]
    if not seen:
        return 0.0, 1.0
    return min(seen), max(seen) if max(seen) > min(seen) else min(seen) + 1.0


def strip(
    places: Sequence[float],
    values: Sequence[Any],
    columns: int,
    low_high: tuple[float, float],
    between: tuple[float, float],
    unicode: bool = True,
) -> str:
    """Return `columns` marks of values at `places`, from `between[0]` to `between[1]`.

    low_high: values of the lowest and highest mark. A column shows the value nearest to its middle, and is
    blank outside the places measured.
    """
    blocks, (low, high), (first, last) = blocks_of(unicode), low_high, between
    wide = (last - first) / columns or 1.0
    text = ""
    for column in range(columns):
        middle = first + (column + 0.5) * wide
        if not places or not min(places) - wide / 2 <= middle <= max(places) + wide / 2:
            text += " "
            continue
        value = values[min(range(len(places)), key=lambda k: abs(places[k] - middle))]
        if not is_number(value):
            text += "x"
            continue
        share = min(1.0, max(0.0, (value - low) / (high - low)))
        text += blocks[round(share * (len(blocks) - 1))]
    return text
