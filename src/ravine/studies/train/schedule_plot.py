"""The figure of the schedules of a training: one panel for each schedule that the loss does not change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ravine.errors import UsageError
from ravine.render.plot_style import FORMATS, save, style
from ravine.studies.train.result import ScheduleCurve

__all__ = ["check_picture_name", "draw_schedules"]


def check_picture_name(name: str) -> None:
    """Raise UsageError if a file name does not end with a format of figures: .png, .svg or .pdf."""
    if Path(name).suffix.removeprefix(".").lower() not in FORMATS:
        raise UsageError(
            f"A picture cannot be written to '{name}'.",
            "The suffix of the file determines its format.",
            f"Choose a name that ends in one of {', '.join(FORMATS)}.",
        )


def draw_schedules(curves: Sequence[ScheduleCurve], path: Path) -> Path:
    """Write the figure of all schedules that do not depend on the loss, and return the path of the file.

    Raises UsageError if all schedules depend on the loss or the suffix of the path is not .png, .svg or .pdf,
    DataError if the file cannot be written.
    """
    check_picture_name(str(path))
    drawn = [curve for curve in curves if curve.values is not None]
    if not drawn:
        names = ", ".join(curve.schedule for curve in curves)
        raise UsageError(
            "There is no schedule to draw.",
            f"{names} depends on the validation loss.",
            "Choose a schedule that depends on the step alone: --schedule cosine.",
        )
    with style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7, 1.5 + 2.5 * len(drawn)), layout="constrained")
        panels = figure.subplots(len(drawn), sharex=True, squeeze=False)[:, 0]
        for axes, curve in zip(panels, drawn, strict=True):
            values = curve.values or []
            axes.plot(curve.epochs or [], values, label=curve.schedule)
            axes.set_ylim(0, 1.05 * max(values) or 1.0)
            axes.set_ylabel(curve.what)
            axes.legend(frameon=False)
        panels[-1].set_xlabel("epochs")
        return save(figure, path)
