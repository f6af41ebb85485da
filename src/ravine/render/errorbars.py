"""What pictures of studies are made of: curves, and marks with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ravine.render.numbers import is_number
from ravine.render.plot_style import COLORS, LINES, MARKS

__all__ = ["canvas", "curve", "half_widths", "marks"]


def canvas(title: str, columns: int = 1) -> tuple[Any, list[Any]]:
    """Return a figure and its axes, side by side."""
    from matplotlib.figure import Figure

    figure = Figure((5.2 * columns if columns > 1 else 7.5, 4.8), layout="constrained")
    figure.suptitle(title, fontweight="bold")
    return figure, list(figure.subplots(1, columns, squeeze=False)[0])


def look(which: int) -> dict[str, Any]:
    """Return colour, line style and mark of the `which`-th curve."""
    return {
        "color": COLORS[which % len(COLORS)],
        "linestyle": LINES[which % len(LINES)],
        "marker": MARKS[which % len(MARKS)],
    }


def curve(axes: Any, x: Sequence[float], y: Sequence[Any], label: str, which: int = 0) -> None:
    """Draw the `which`-th line, y over x; a gap where there is no number."""
    values = [each if is_number(each) else float("nan") for each in y]
    axes.plot(x, values, label=label, **{**look(which), "marker": None})


def marks(
    axes: Any,
    x: Sequence[float],
    values: Sequence[Mapping[str, Any]],
    label: str,
    which: int = 0,
    scale: float = 1.0,
) -> None:
    """Draw the `which`-th measurement with its intervals: `mean` and `interval` of each, times `scale`."""
    found = [(place, each) for place, each in zip(x, values, strict=True) if is_number(each["mean"])]
    middle = [scale * each["mean"] for _, each in found]
    away = half_widths([each for _, each in found], scale)
    places = [place for place, _ in found]
    axes.errorbar(places, middle, yerr=away, label=label, capsize=3, markersize=6, **look(which))


def half_widths(values: Sequence[Mapping[str, Any]], scale: float = 1.0) -> list[list[float]]:
    """Return how far the intervals reach below and above their means, 0 where there is none: [2][n]."""
    below, above = [], []
    for each in values:
        low, high = each["interval"] or (each["mean"], each["mean"])
        low, high = (end if is_number(end) else each["mean"] for end in (low, high))
        below.append(scale * max(0.0, each["mean"] - low))
        above.append(scale * max(0.0, high - each["mean"]))
    return [below, above]
