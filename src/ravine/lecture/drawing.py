"""How every picture of the lecture looks: for a slide, for those who see no colours, for black and white.

Theory is a line, measurement a mark: the k-th pair of both shares a colour, and differs from the others in
line style and in the shape of the mark. Matplotlib is an extra, imported only when something is drawn.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from ravine.errors import UsageError

__all__ = ["COLOURS", "LINES", "MARKS", "can_draw", "canvas", "marks", "save", "style", "theory"]

#: Okabe & Ito 2008: told apart with any colour vision
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (1, 1)))
MARKS = ("o", "s", "^", "D", "v", "P", "X")

WIDE, HIGH = 10.0, 5.625  # inches, 16:9
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
    from cycler import cycler

    settings: Any = {
        "font.size": 13,
        "axes.titlesize": 13,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": "#dddddd",
        "grid.linewidth": 0.6,
        "lines.linewidth": 2.0,
        "lines.markersize": 7.0,
        "legend.frameon": False,
        "legend.fontsize": 11,
        "axes.prop_cycle": cycler(color=COLOURS) + cycler(linestyle=LINES),
        "svg.hashsalt": "ravine",  # the same picture gives the same bytes
    }
    return matplotlib.rc_context(settings)


def canvas(title: str, columns: int = 1, rows: int = 1) -> tuple[Any, Any]:
    """Return a figure for one slide and its axes: one, or an array [columns], [rows, columns]."""
    from matplotlib.figure import Figure

    figure = Figure((WIDE, HIGH), layout="constrained")
    figure.suptitle(title, fontsize=17, fontweight="bold")
    return figure, figure.subplots(rows, columns)


def theory(axes: Any, x: Any, y: Any, label: str = "", which: int = 0, **more: Any) -> Any:
    """Draw the `which`-th line of theory, y over x."""
    look = {"color": COLOURS[which % len(COLOURS)], "linestyle": LINES[which % len(LINES)]}
    return axes.plot(x, y, label=label or None, **{**look, **more})[0]


def marks(axes: Any, x: Any, y: Any, label: str = "", which: int = 0, error: Any = None, **more: Any) -> Any:
    """Draw the `which`-th measurement, y over x, with half widths of 95 % intervals where given."""
    look = {
        "color": COLOURS[which % len(COLOURS)],
        "marker": MARKS[which % len(MARKS)],
        "linestyle": "none",
        "markeredgecolor": "white",
        "markeredgewidth": 0.6,
        "capsize": 3,
    }
    return axes.errorbar(x, y, yerr=error, label=label or None, **{**look, **more})


def save(figure: Any, path: Path, formats: Sequence[str] = ("png", "svg", "pdf")) -> None:
    """Write a figure, whole or not at all, in the format its name ends in. Raises UsageError, DataError."""
    import matplotlib

    from ravine.records.files import writing

    kind = path.suffix.removeprefix(".")
    if kind not in formats:
        raise UsageError(f"Pictures are not written as '{kind}'.", "", f"Use one of {', '.join(formats)}.")
    undated: dict[str, dict[str, None]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with writing(path) as file, matplotlib.rc_context({"svg.hashsalt": "ravine"}):
        figure.savefig(file, format=kind, dpi=DOTS, metadata=undated.get(kind))
