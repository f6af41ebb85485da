"""Figures of a double-descent study: errors against width, epochs and number of training rows.

In the figures against width and training rows, a line marks the threshold, where networks just fit
their training rows (at most 1 % wrong).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ravine.execution.result_parts import Measure
from ravine.render.cells import printable
from ravine.render.errorbars import canvas, marks
from ravine.render.plot_style import COLORS, save, style
from ravine.studies.descent.result import FITTED_BELOW, SHARE_WRONG, DescentResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw"]

QUANTITIES = ("loss", "error")
BLACK = 6  # index of black in `COLORS`, for training rows
BAND_LINES = ("-", "--", "-.", ":")
MAX_TICKS = 8


def draw(result: DescentResult, folder: Path, kind: str = "png") -> list[Path]:
    """Write three figures of a double-descent study to a folder; return their paths.

    They show errors against width, epochs and training rows. kind: png, svg or pdf.
    """
    drawn = {"width": _width, "epochs": _epochs, "examples": _examples}
    with style():
        return [save(make(result), folder / f"{name}.{kind}") for name, make in drawn.items()]


def _width(result: DescentResult) -> Any:
    widths, noise = result.widths, result.plan.label_noise
    figure, axes = canvas(f"Width: {printable(result.data.name)}, {noise:.0%} random labels", 2)
    for axis, quantity in zip(axes, QUANTITIES, strict=True):
        for k, arm in enumerate(widths.arms):
            test = arm.test_loss if quantity == "loss" else arm.test_error
            marks(axis, widths.units, test, f"test, {arm.name}", k)
        plain = widths.arms[0]
        train = plain.train_loss if quantity == "loss" else plain.train_error
        marks(axis, widths.units, train, "training rows, plain", BLACK)
        is_share = result.metric.name == SHARE_WRONG
        fits = (
            f"at most {100 * FITTED_BELOW:g} % wrong"
            if is_share
            else f"training loss at most {FITTED_BELOW:g}"
        )
        _mark_threshold(axis, widths.threshold.units, fits)
        axis.set(xlabel="units in every hidden layer", ylabel=_label(result, quantity))
        _set_log_axis(axis, widths.units, widths.threshold.units)
        axis.set_ylim(bottom=0)
        axis.legend(loc="best")
    return figure


def _epochs(result: DescentResult) -> Any:
    epochs = result.epochs
    figure, axes = canvas(f"Epochs: {printable(result.data.name)}, {result.rows.train:,} rows", 2)
    for axis, quantity in zip(axes, QUANTITIES, strict=True):
        for k, curve in enumerate(epochs.curves):
            measures = curve.valid_loss if quantity == "loss" else curve.valid_error
            _draw_band(axis, epochs.epoch, measures, f"{curve.units} units", k)
        axis.set(xlabel="epoch", ylabel=f"validation {_label(result, quantity)}", xscale="log")
        axis.legend(loc="best")
    return figure


def _examples(result: DescentResult) -> Any:
    sweep = result.examples
    figure, axes = canvas(f"Examples: {printable(result.data.name)}, {sweep.units} units", 2)
    for axis, quantity in zip(axes, QUANTITIES, strict=True):
        is_loss = quantity == "loss"
        marks(axis, sweep.rows, sweep.test_loss if is_loss else sweep.test_error, "test", 0)
        train = sweep.train_loss if is_loss else sweep.train_error
        marks(axis, sweep.rows, train, "training rows", BLACK)
        _mark_threshold(axis, sweep.threshold.rows, "fitted up to here")
        axis.set(xlabel="training rows", ylabel=_label(result, quantity))
        _set_log_axis(axis, sweep.rows, sweep.threshold.rows)
        axis.set_ylim(bottom=0)
        axis.legend(loc="best")
    return figure


def _draw_band(axis: Axes, x: Sequence[float], measures: Sequence[Measure], label: str, k: int) -> None:
    """Draw a curve with its intervals as a band, since the curve has too many points for error bars."""
    shown = [
        (place, value.mean, value.interval)
        for place, value in zip(x, measures, strict=True)
        if value.mean is not None
    ]
    places, means = [place for place, _, _ in shown], [mean for _, mean, _ in shown]
    line = BAND_LINES[k % len(BAND_LINES)]
    axis.plot(places, means, label=label, color=COLORS[k], linestyle=line)
    ends = [(interval[0], interval[1]) for _, _, interval in shown if interval is not None]
    if len(ends) == len(shown):
        # the interval of few seeds can end below 0, where no loss and no error can be
        low = [max(end or 0.0, min(0.0, mean)) for (end, _), mean in zip(ends, means, strict=True)]
        high: list[Any] = [end for _, end in ends]
        axis.fill_between(places, low, high, color=COLORS[k], alpha=0.2, linewidth=0)


def _mark_threshold(axis: Axes, place: float | None, label: str) -> None:
    if place is not None:
        axis.axvline(place, color="black", linewidth=1.0, linestyle=":", label=label)


def _set_log_axis(axis: Axes, places: Sequence[int], threshold: int | None) -> None:
    """Set a logarithmic axis with a tick at every value of `places`, or at every other value of many.

    The ticks of many values include the threshold.
    """
    axis.set_xscale("log", base=2)
    ticks = list(places)
    if len(places) > MAX_TICKS:
        marked = ticks.index(threshold) if threshold in ticks else len(ticks) - 1
        ticks = ticks[marked % 2 :: 2]
    axis.set_xticks(ticks, [f"{place:,}" for place in ticks])
    axis.minorticks_off()


def _label(result: DescentResult, quantity: str) -> str:
    """Return the label of an axis, with its unit."""
    is_share = result.metric.name == SHARE_WRONG
    if quantity == "loss":
        return "cross-entropy, nats" if is_share else "squared error, standardized"
    return printable(result.metric.name)
