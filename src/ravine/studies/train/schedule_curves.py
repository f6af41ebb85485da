"""A schedule to look at: a curve in text and a few of its values, or a figure.

A schedule comes as its factors, one for each step of a run, as `ravine.optimizers` tabulates them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ravine.errors import UsageError
from ravine.render.numbers import clean, cut

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["schedule_figure", "schedule_text", "schedules_figure"]

BLOCKS, ASCII_BLOCKS = " ▁▂▃▄▅▆▇█", " .:-=+*#@"
ROWS = 4
NARROWEST, WIDEST = 40, 100
# Of the Okabe-Ito palette, darkest first; a line style each, so that they part in black and white too.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (1, 3)))


def schedule_text(
    name: str,
    factors: np.ndarray,
    steps_per_epoch: float,
    value: float = 1.0,
    width: int = 80,
    unicode: bool = True,
) -> str:
    """Return the curve of value x factor over a run, and its values along the way, as text.

    factors [steps]. value: of the hyperparameter the factors are for. No line is wider than `width` (at
    least 40). A column shows one step, the first and the last column the first and the last, on a scale from
    0 to the largest value; a dot says that a value above 0 is too small to be seen. Raises UsageError for
    factors that are not numbers.
    """
    values = _checked(factors) * value
    width = min(max(NARROWEST, width), WIDEST)
    top = float(values.max())
    margin = max(len(_shown(top)), 1) + 2
    columns = min(width - margin, len(values))
    picked = values[np.round(np.linspace(0, len(values) - 1, columns)).astype(int)]
    blocks = BLOCKS if unicode else ASCII_BLOCKS
    heights = picked / top * ROWS * (len(blocks) - 1) if top > 0 else np.zeros(columns)
    lines = [cut(clean(name), width)]
    for row in reversed(range(ROWS)):
        label = _shown(top) if row == ROWS - 1 else "0" if row == 0 else ""
        lines.append(f"{label:>{margin - 2}}  {_row(heights, picked, row, blocks, unicode)}".rstrip())
    epochs = len(values) / steps_per_epoch
    left, right = "0", f"{_epochs(epochs)} epochs, {len(values):,} steps"
    gap = max(1, columns - len(left) - len(right))
    lines.append(" " * margin + left + " " * gap + right)
    lines += _table(values, steps_per_epoch, width)
    return "\n".join(lines)


def schedule_figure(
    curves: Mapping[str, np.ndarray],
    steps_per_epoch: float,
    value: float = 1.0,
    what: str = "learning rate",
    log: bool = False,
) -> Figure:
    """Return a figure of value x factor against epochs, one line for each named schedule, factors [steps].

    what: the hyperparameter, for the axis, which is logarithmic on request. Raises
    UsageError for factors that are not numbers, and for no curve at all.
    """
    return schedules_figure(
        {what: {name: (each, value) for name, each in curves.items()}}, steps_per_epoch, log
    )


def schedules_figure(
    numbers: Mapping[str, Mapping[str, tuple[np.ndarray, float]]], steps_per_epoch: float, log: bool = False
) -> Figure:
    """Return a figure with a panel for each hyperparameter: {what: {schedule: (factors [steps], value)}}.

    Raises UsageError as `schedule_figure`.
    """
    from matplotlib.figure import Figure

    if not numbers or not all(numbers.values()):
        raise UsageError("A figure of no schedule cannot be drawn.", "None was given.", "Name at least one.")
    figure = Figure(figsize=(7, 1.5 + 2.5 * len(numbers)), layout="constrained")
    panels = figure.subplots(len(numbers), sharex=True, squeeze=False)[:, 0]
    for axes, (what, curves) in zip(panels, numbers.items(), strict=True):
        _draw(axes, {name: _checked(each) * value for name, (each, value) in curves.items()}, steps_per_epoch)
        if log:
            axes.set_yscale("log")
        axes.set_ylabel(what)
        axes.legend(frameon=False)
    panels[-1].set_xlabel("epochs")
    return figure


def _draw(axes: Any, curves: Mapping[str, np.ndarray], steps_per_epoch: float) -> None:
    """Draw curves [steps] as steps, from 0 up."""
    for place, (name, each) in enumerate(curves.items()):
        axes.step(
            np.arange(len(each) + 1) / steps_per_epoch,
            np.append(each, each[-1]),
            where="post",
            label=clean(name),
            color=COLORS[place % len(COLORS)],
            linestyle=STYLES[place % len(STYLES)],
        )
    axes.set_ylim(0, 1.05 * max(each.max() for each in curves.values()) or 1.0)


def _checked(factors: np.ndarray) -> np.ndarray:
    values = np.asarray(factors, np.float64)
    if values.ndim != 1 or not values.size or not np.isfinite(values).all() or values.min() < 0:
        raise UsageError(
            "A schedule cannot be shown.",
            "Its factors must be finite, not negative, and one for each step.",
            "Take them from `factors(text, steps, steps_per_epoch)`.",
        )
    return values


def _row(heights: np.ndarray, picked: np.ndarray, row: int, blocks: str, unicode: bool) -> str:
    """One line of the curve: full blocks below a column's height, a partial one where it ends."""
    most = len(blocks) - 1
    marks = ""
    for height, value in zip(heights, picked, strict=True):
        level = min(most, max(0, round(float(height)) - row * most))
        unseen = row == 0 and level == 0 and value > 0
        marks += ("·" if unicode else ".") if unseen else blocks[level]
    return marks


def _table(values: np.ndarray, steps_per_epoch: float, width: int) -> list[str]:
    """Epochs and values at the quarters of the run, or its halves, first and last step included."""
    last = len(values) - 1
    for parts in (4, 2, 1):
        steps = sorted({round(last * part / parts) for part in range(parts + 1)})
        cells = [(_epochs(step / steps_per_epoch), _shown(values[step])) for step in steps]
        wide = [max(map(len, cell)) for cell in cells]
        lines = [
            head + "".join(f"  {text:>{size}}" for text, size in zip(texts, wide, strict=True))
            for head, texts in zip(("epoch", "value"), zip(*cells, strict=True), strict=True)
        ]
        if len(lines[0]) <= width:
            break
    return lines


def _epochs(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _shown(value: float) -> str:
    return f"{value:.3g}"
