"""Parts of figures that several studies share: curves, and marks with error bars."""

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
    """A mean with its interval [low, high]; the mean or the interval can be None."""

    @property
    def mean(self) -> float | None:
        """The mean; None if not known."""

    @property
    def interval(self) -> Sequence[float | None] | None:
        """The interval [low, high]; the interval or one of its ends can be None."""


def canvas(title: str, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """Return a figure with a title, and its axes from left to right. columns: number of axes."""
    from matplotlib.figure import Figure

    figure = Figure((5.2 * columns if columns > 1 else 7.5, 4.8), layout="constrained")
    figure.suptitle(title, fontweight="bold")
    return figure, list(figure.subplots(1, columns, squeeze=False)[0])


def curve_style(k: int) -> dict[str, Any]:
    """Return color, line style and mark of the k-th curve of a figure."""
    return {
        "color": COLORS[k % len(COLORS)],
        "linestyle": LINES[k % len(LINES)],
        "marker": MARKS[k % len(MARKS)],
    }


def curve(axes: Axes, x: Sequence[float], y: Sequence[float | None], label: str, k: int = 0) -> None:
    """Draw a curve y(x) in the style of the k-th curve, with gaps at missing numbers."""
    values = [value if is_number(value) else float("nan") for value in y]
    axes.plot(x, values, label=label, **{**curve_style(k), "marker": None})


def marks(
    axes: Axes,
    x: Sequence[float],
    measures: Sequence[WithInterval],
    label: str,
    k: int = 0,
    scale: float = 1.0,
) -> None:
    """Draw means over x with error bars, in the style of the k-th curve, multiplied by `scale`.

    Missing means are left out.
    """
    points = [(at, measure) for at, measure in zip(x, measures, strict=True) if is_number(measure.mean)]
    positions, shown = [at for at, _ in points], [measure for _, measure in points]
    means, bars = [scale * mean_of(measure) for measure in shown], half_widths(shown, scale)
    axes.errorbar(positions, means, yerr=bars, label=label, capsize=3, markersize=6, **curve_style(k))


def half_widths(measures: Sequence[WithInterval], scale: float = 1.0) -> list[list[float]]:
    """Return the lengths of the intervals below and above their means, [2][n]; 0 without an interval."""
    below, above = [], []
    for measure in measures:
        mean = mean_of(measure)
        low, high = (mean if end is None else end for end in measure.interval or (mean, mean))
        below.append(scale * max(0.0, mean - low))
        above.append(scale * max(0.0, high - mean))
    return [below, above]


def mean_of(measure: WithInterval) -> float:
    """Return the mean of a measure, 0 if the mean is missing."""
    return 0.0 if measure.mean is None else measure.mean
