"""Parts of matplotlib figures that several studies share: curves, and means with error bars."""

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
    """A mean with its interval [low, high], which an error bar shows; one or both can be None."""

    @property
    def mean(self) -> float | None:
        """The mean; None if not known."""

    @property
    def interval(self) -> Sequence[float | None] | None:
        """The interval [low, high]; the interval or one of its ends can be None."""


def canvas(title: str, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """Return a new figure with a title, and its axes side by side, `columns` of them, from left to right."""
    from matplotlib.figure import Figure

    figure = Figure((5.2 * columns if columns > 1 else 7.5, 4.8), layout="constrained")
    figure.suptitle(title, fontweight="bold")
    return figure, list(figure.subplots(1, columns, squeeze=False)[0])


def curve_style(k: int) -> dict[str, Any]:
    """Return color, line style and mark of the k-th curve of a figure, for matplotlib."""
    return {
        "color": COLORS[k % len(COLORS)],
        "linestyle": LINES[k % len(LINES)],
        "marker": MARKS[k % len(MARKS)],
    }


def curve(axes: Axes, x: Sequence[float], y: Sequence[float | None], label: str, k: int = 0) -> None:
    """Draw a curve y(x) into `axes`, in the style of a figure's k-th curve, with gaps at missing numbers."""
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
    """Draw means as marks at the positions x, with their intervals as error bars.

    k: number of the curve, which decides color and mark. scale: factor on means and intervals. Missing means
    are left out.
    """
    points = [(at, measure) for at, measure in zip(x, measures, strict=True) if is_number(measure.mean)]
    positions, shown = [at for at, _ in points], [measure for _, measure in points]
    means, bars = [scale * mean_of(measure) for measure in shown], half_widths(shown, scale)
    axes.errorbar(positions, means, yerr=bars, label=label, capsize=3, markersize=6, **curve_style(k))


def half_widths(measures: Sequence[WithInterval], scale: float = 1.0) -> list[list[float]]:
    """Return the lengths of error bars below and above each mean, [2][n], times `scale`.

    A length is 0 if the interval, or this end of it, is missing.
    """
    below, above = [], []
    for measure in measures:
        mean = mean_of(measure)
        low, high = (mean if end is None else end for end in measure.interval or (mean, mean))
        below.append(scale * max(0.0, mean - low))
        above.append(scale * max(0.0, high - mean))
    return [below, above]


def mean_of(measure: WithInterval) -> float:
    """Return the mean of a measure, or 0 if the mean is missing."""
    return 0.0 if measure.mean is None else measure.mean
