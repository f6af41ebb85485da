"""The plot style of the pictures of the lecture: for slides, color-blind readers, and black and white.

Theory is drawn as lines, measurements as marks. The k-th line and the k-th marks share a color. The line
style and the shape of the mark differ for each k. Matplotlib is imported only when a picture is drawn.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from ravine.render import plot_style as base_style
from ravine.render.plot_style import COLORS, LINES, MARKS, save

if TYPE_CHECKING:
    import numpy.typing as npt
    from matplotlib.axes import Axes
    from matplotlib.container import ErrorbarContainer
    from matplotlib.lines import Line2D

__all__ = ["COLORS", "LINES", "MARKS", "canvas", "marks", "save", "style", "theory"]

WIDE, HIGH = 10.0, 5.625  # inches, 16:9
MARGIN = 0.1  # inches


def style() -> AbstractContextManager[None]:
    """Return the context manager that sets matplotlib's style for pictures of the lecture."""
    return base_style.style(13, **{"axes.prop_cycle": _cycle()})


def _cycle() -> Any:
    from cycler import cycler

    return cycler(color=COLORS) + cycler(linestyle=LINES)


def canvas(title: str, columns: int = 1, rows: int = 1, key: bool = False) -> tuple[Any, Any]:
    """Return a matplotlib figure of the size of a slide (16:9) with a title, and its empty axes.

    The axes are a single one, or an array [columns] or [rows, columns]. key: whether a line of text below the
    axes explains that lines are theory and marks are measured.
    """
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure((WIDE, HIGH), layout=ConstrainedLayoutEngine(w_pad=MARGIN, h_pad=MARGIN))
    figure.suptitle(title, fontsize=17, fontweight="bold")
    if key:
        figure.supxlabel("lines: theory    marks: measured", fontsize=11, color="#444444")
    return figure, figure.subplots(rows, columns)


def theory(
    axes: Axes, x: npt.ArrayLike, y: npt.ArrayLike, label: str = "", which: int = 0, **more: Any
) -> Line2D:
    """Draw theory, y [N] over x [N], as a line; return the matplotlib line.

    which: number of the color and line style, from 0. more: other options of matplotlib's `plot`.
    """
    options = {"color": COLORS[which % len(COLORS)], "linestyle": LINES[which % len(LINES)]}
    return axes.plot(x, y, label=label or None, **{**options, **more})[0]


def marks(
    axes: Axes,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    label: str = "",
    which: int = 0,
    error: npt.ArrayLike | None = None,
    **more: Any,
) -> ErrorbarContainer:
    """Draw measurements, y [N] over x [N], as marks with error bars; return the matplotlib container.

    which: number of the color and shape of the marks, from 0. error: half widths of 95 % intervals, [N], or
    [2, N] for both sides; None for no error bars. more: other options of matplotlib's `errorbar`.
    """
    options = {
        "color": COLORS[which % len(COLORS)],
        "marker": MARKS[which % len(MARKS)],
        "linestyle": "none",
        "markeredgecolor": "white",
        "markeredgewidth": 0.6,
        "capsize": 3,
    }
    return axes.errorbar(x, y, yerr=error, label=label or None, **{**options, **more})
