"""Pictures of a double descent: against width, epochs, number of examples, the threshold marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ravine.networks import METRICS
from ravine.render.errorbars import canvas, marks
from ravine.render.numbers import clean, is_number
from ravine.render.plot_style import COLORS, save, style

__all__ = ["descent_pictures"]


def descent_pictures(document: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write the pictures of a descent document into a folder; return their paths."""
    drawn = {"width": _width, "epochs": _epochs, "examples": _examples}
    with style():
        return [save(draw(document), folder / f"{name}.png") for name, draw in drawn.items()]


def _width(document: Mapping[str, Any]) -> Any:
    widths, noise = document["widths"], document["plan"]["noise"]
    figure, axes = canvas(
        f"Width: {clean(document['data']['name'])}, {noise:.0%} of the labels drawn anew", 2
    )
    for axis, name in zip(axes, ("loss", "error"), strict=True):
        for which, arm in enumerate(widths["arms"]):
            marks(axis, widths["units"], arm[f"test_{name}"], f"test, {arm['name']}", which)
        marks(axis, widths["units"], widths["arms"][0][f"train_{name}"], "training rows, plain", 6)
        _threshold(axis, widths["threshold"]["units"], "fits all rows")
        axis.set(xlabel="units in every hidden layer", ylabel=_label(document, name))
        _log(axis, widths["units"])
        axis.set_ylim(bottom=0)
        axis.legend(loc="best")
    return figure


def _epochs(document: Mapping[str, Any]) -> Any:
    epochs = document["epochs"]
    figure, axes = canvas(f"Epochs: {clean(document['data']['name'])}, {document['rows']['train']:,} rows", 2)
    for axis, name in zip(axes, ("loss", "error"), strict=True):
        for which, each in enumerate(epochs["curves"]):
            curve = each[f"valid_{name}"]
            _band(axis, epochs["epoch"], curve, f"{each['units']} units", which)
        axis.set(xlabel="epoch", ylabel=f"validation {_label(document, name)}", xscale="log")
        axis.legend(loc="best")
    return figure


def _examples(document: Mapping[str, Any]) -> Any:
    part = document["examples"]
    figure, axes = canvas(f"Examples: {clean(document['data']['name'])}, {part['units']} units", 2)
    for axis, name in zip(axes, ("loss", "error"), strict=True):
        marks(axis, part["rows"], part[f"test_{name}"], "test", 0)
        marks(axis, part["rows"], part[f"train_{name}"], "training rows", 6)
        _threshold(axis, part["threshold"]["rows"], "fitted up to here")
        axis.set(xlabel="training rows", ylabel=_label(document, name))
        _log(axis, part["rows"])
        axis.set_ylim(bottom=0)
        axis.legend(loc="best")
    return figure


def _band(axis: Any, x: Sequence[float], curve: Sequence[Mapping[str, Any]], label: str, which: int) -> None:
    """A line with its interval as a band: too many points for bars."""
    found = [(place, each) for place, each in zip(x, curve, strict=True) if is_number(each["mean"])]
    places, lines = [place for place, _ in found], ("-", "--", "-.", ":")
    axis.plot(
        places,
        [each["mean"] for _, each in found],
        label=label,
        color=COLORS[which],
        linestyle=lines[which % 4],
    )
    if all(each["interval"] for _, each in found):
        # of few seeds an interval can end below 0, where there are no losses and no errors
        low = [max(each["interval"][0], min(0.0, each["mean"])) for _, each in found]
        high = [each["interval"][1] for _, each in found]
        axis.fill_between(places, low, high, color=COLORS[which], alpha=0.2, linewidth=0)


def _threshold(axis: Any, place: float | None, label: str) -> None:
    if place is not None:
        axis.axvline(place, color="black", linewidth=1.0, linestyle=":", label=label)


def _log(axis: Any, places: Sequence[int]) -> None:
    """A logarithmic axis, ticked at every other place, from the last down."""
    axis.set_xscale("log", base=2)
    ticks = list(places)[::-1][::2][::-1] if len(places) > 8 else list(places)
    axis.set_xticks(ticks, [f"{each:,}" for each in ticks])
    axis.minorticks_off()


def _label(document: Mapping[str, Any], name: str) -> str:
    if name == "loss":
        metric = METRICS.get(document["metric"]["name"])  # none for the share of wrong answers
        regresses = metric is not None and metric.task == "regress"
        return "squared error, standardised" if regresses else "cross-entropy, nats"
    return clean(document["metric"]["name"])
