"""How the pictures of a study look: told apart with any colour vision, and in black and white.

Matplotlib is an extra, imported only when something is drawn.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from ravine.errors import UsageError
from ravine.records.files import writing
from ravine.reporting.scores import is_number

__all__ = ["COLOURS", "can_draw", "canvas", "curve", "half_widths", "marks", "save", "style"]

#: Okabe & Ito 2008
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (1, 1)))
MARKS = ("o", "s", "^", "D", "v", "P", "X")
DOTS = 160  # to the inch


def can_draw() -> bool:
    """Return whether matplotlib is installed, without importing it."""
    return importlib.util.find_spec("matplotlib") is not None


def style() -> AbstractContextManager[None]:
    """Return the context in which all is drawn. Raises UsageError where matplotlib is missing."""
    if not can_draw():
        raise UsageError(
            "Pictures cannot be drawn.", "matplotlib is not installed.", "Type `pip install 'ravine[plots]'`."
        )
    import matplotlib

    settings: Any = {
        "font.size": 12, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
        "axes.axisbelow": True, "grid.color": "#dddddd", "grid.linewidth": 0.6, "lines.linewidth": 2.0,
        "legend.frameon": False, "legend.fontsize": 10, "axes.titlesize": 12, "svg.hashsalt": "ravine",
    }  # fmt: skip
    return matplotlib.rc_context(settings)


def canvas(title: str, columns: int = 1) -> tuple[Any, list[Any]]:
    """Return a figure and its axes, side by side."""
    from matplotlib.figure import Figure

    figure = Figure((5.2 * columns if columns > 1 else 7.5, 4.8), layout="constrained")
    figure.suptitle(title, fontweight="bold")
    return figure, list(figure.subplots(1, columns, squeeze=False)[0])


def look(which: int) -> dict[str, Any]:
    """Return colour, line style and mark of the `which`-th curve."""
    return {
        "color": COLOURS[which % len(COLOURS)],
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


def save(figure: Any, path: Path) -> Path:
    """Write a figure as PNG, whole or not at all; return its path. Raises DataError."""
    with writing(path) as file:
        figure.savefig(file, format="png", dpi=DOTS)
    return path
