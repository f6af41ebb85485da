"""Parts of the pictures of studies: curves, and marks with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from ravine.render.numbers import is_number
from ravine.render.plot_style import COLORS, LINES, MARKS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["WithInterval", "canvas", "curve", "half_widths", "marks", "mean_of"]


class WithInterval(Protocol):
    """A mean with its interval [low, high]; None where there is none."""

    @property
    def mean(self) -> float | None:
        """The mean."""

    @property
    def interval(self) -> Sequence[float | None] | None:
        """The interval, or an end of it, may be missing."""


def canvas(title: str, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """Return a figure and its axes, side by side."""
    from matplotlib.figure import Figure

    figure = Figure((5.2 * columns if columns > 1 else 7.5, 4.8), layout="constrained")
    figure.suptitle(title, fontweight="bold")
    return figure, list(figure.subplots(1, columns, squeeze=False)[0])


def look(which: int) -> dict[str, Any]:
    """Return color, line style and mark of the `which`-th curve."""
    return {
        "color": COLORS[which % len(COLORS)],
        "linestyle": LINES[which % len(LINES)],
        "marker": MARKS[which % len(MARKS)],
    }


def curve(axes: Axes, x: Sequence[float], y: Sequence[float | None], label: str, which: int = 0) -> None:
    """Draw the `which`-th line, y over x; a gap where there is no number."""
    values = [value if is_number(value) else float("nan") for value in y]
    axes.plot(x, values, label=label, **{**look(which), "marker": None})


def marks(
    axes: Axes,
    x: Sequence[float],
    measures: Sequence[WithInterval],
    label: str,
    which: int = 0,
    scale: float = 1.0,
) -> None:
    """Draw the `which`-th measure over x with its intervals, times `scale`; none where there is no mean."""
    found = [(place, one) for place, one in zip(x, measures, strict=True) if is_number(one.mean)]
    places, shown = [place for place, _ in found], [one for _, one in found]
    middle, away = [scale * mean_of(one) for one in shown], half_widths(shown, scale)
    axes.errorbar(places, middle, yerr=away, label=label, capsize=3, markersize=6, **look(which))


def half_widths(measures: Sequence[WithInterval], scale: float = 1.0) -> list[list[float]]:
    """Return how far the intervals reach below and above their means, 0 where there is none: [2][n]."""
    below, above = [], []
    for one in measures:
        mean = mean_of(one)
        low, high = (mean if end is None else end for end in one.interval or (mean, mean))
        below.append(scale * max(0.0, mean - low))
        above.append(scale * max(0.0, high - mean))
    return [below, above]


def mean_of(one: WithInterval) -> float:
    """Return the mean, 0 if there is none."""
    return 0.0 if one.mean is None else one.mean
