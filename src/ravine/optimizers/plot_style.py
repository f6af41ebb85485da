"""Plot styles of optimizers: color, dash pattern and marker, distinct for every color vision and in gray.

The file of an optimizer defines its style. An optimizer without a style gets the next free one of `CYCLE`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle

__all__ = ["CYCLE", "PlotStyle", "plot_styles"]


@dataclass(frozen=True)
class PlotStyle:
    """The style of an optimizer's curve in plots.

    light, dark: hex colors on a white and on a dark background. dash: lengths of lines and gaps in points, ()
    for a solid line. marker: circle, square, triangle, pentagon, diamond or cross.
    """

    light: str
    dark: str
    dash: tuple[int, ...]
    marker: str


CYCLE = (
    PlotStyle("#56B4E9", "#9bd4f5", (5, 2), "triangle"),
    PlotStyle("#7A5C00", "#d9c27a", (), "diamond"),
    PlotStyle("#7F3C8D", "#cfa3d9", (2, 2, 6, 2), "circle"),
    PlotStyle("#666666", "#bbbbbb", (3, 3), "square"),
    PlotStyle("#A3262A", "#f08a8d", (10, 2, 2, 2, 2, 2), "pentagon"),
)
"""Styles for optimizers without a style of their own. No file of an optimizer defines one of these styles."""


def plot_styles(styles: Mapping[str, PlotStyle | None]) -> dict[str, PlotStyle]:
    """Return the plot style of each named optimizer: its own style, else the next one in the list `CYCLE`."""
    spare = cycle(CYCLE)
    return {name: style or next(spare) for name, style in styles.items()}
