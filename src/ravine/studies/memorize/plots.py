"""Figures of a memorization study: random labels, limits on memorization, and bounds on the error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ravine.execution.result_parts import Measure
from ravine.render.cells import printable
from ravine.render.errorbars import WithInterval, canvas, curve, half_widths, marks, mean_of
from ravine.render.plot_style import COLORS, save, style
from ravine.studies.memorize.result import ArmResult, MemorizeResult, RandomLabelsResult
from ravine.studies.memorize.view import BOUND_NAMES

__all__ = ["draw"]

HATCHES = ("", "//", "..")


def draw(result: MemorizeResult, folder: Path, kind: str = "png") -> list[Path]:
    """Write up to three figures of a memorization study to a folder; return their paths.

    They show random labels, limits on memorization, and bounds. Without limits, their figure is left out.
    kind: png, svg or pdf.
    """
    shares = [arm for arm in result.shares if arm.networks]
    functions = {"random_labels": _random_labels, "limits": _limits, "bounds": _bounds}
    with style():
        figures = {name: figure_of(result, shares) for name, figure_of in functions.items()}
        return [
            save(figure, folder / f"{name}.{kind}") for name, figure in figures.items() if figure is not None
        ]


def _random_labels(result: MemorizeResult, shares: Sequence[RandomLabelsResult]) -> Any:
    figure, (left, right) = canvas(f"Random labels: {printable(result.data.name)}", 2)
    for k, arm in enumerate(shares):
        values = [None if value is None else 100 * value for value in arm.curve.train]
        curve(left, arm.curve.epoch, values, f"{arm.share:.0%}", k)
    left.set(xlabel="epoch", ylabel="training labels given, %", xscale="log", ylim=(0, 102))
    left.legend(title="random labels", loc="best")
    positions = [100 * arm.share for arm in shares]
    drawn: tuple[tuple[str, Sequence[WithInterval]], ...] = (
        ("training rows", [arm.train for arm in shares]),
        ("test rows", [arm.test for arm in shares]),
        ("memorized", [arm.memorized for arm in shares]),
    )
    for k, (label, measures) in enumerate(drawn):
        marks(right, positions, measures, label, k, 100)
    right.axhline(100 * _chance(result), color="black", linewidth=0.8, linestyle=":")
    right.set(xlabel="random labels, %", ylabel="rows, %", ylim=(-2, 102))
    right.set_title("dotted: chance")
    right.legend(loc="best")
    return figure


def _limits(result: MemorizeResult, shares: Sequence[RandomLabelsResult]) -> Any:
    limits = [arm for arm in result.limits if arm.networks]
    if not limits:
        return None
    with_limits = sorted({arm.share for arm in limits})
    figure, axes = canvas("Limits on memorization", len(with_limits))
    for axis, share in zip(axes, with_limits, strict=True):
        arms = [arm for arm in (*shares, *limits) if arm.share == share]
        bars = _bars(arms)
        high = 0.8 / len(bars)
        for k, (label, values) in enumerate(bars.items()):
            positions = [row + k * high for row in range(len(arms))]
            axis.barh(
                positions, [100 * mean_of(value) for value in values], high * 0.9,
                xerr=half_widths(values, 100), label=label, color=COLORS[k],
                hatch=HATCHES[k], edgecolor="white", error_kw={"capsize": 2},
            )  # fmt: skip
        axis.set_yticks(
            [row + 0.4 - high / 2 for row in range(len(arms))],
            [printable(arm.limit or "no limit") for arm in arms],
        )
        axis.invert_yaxis()
        axis.set(xlabel="%", xlim=(0, 105))
        axis.set_title(f"{share:.0%} random labels")
        axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=len(bars), fontsize=9)
    return figure


def _bars(arms: Sequence[ArmResult]) -> dict[str, list[WithInterval]]:
    """Return the measures to draw, by label, with one value for each group of networks.

    Learned wrong labels are drawn only if every group has wrong labels.
    """
    bars: dict[str, list[WithInterval]] = {}
    learned = [arm.wrong_learned for arm in arms if arm.wrong_learned is not None]
    if len(learned) == len(arms):
        bars["wrong labels learned"] = [*learned]
    bars["memorized"] = [arm.memorized for arm in arms]
    bars["test rows right"] = [arm.test for arm in arms]
    return bars


def _bounds(result: MemorizeResult, shares: Sequence[RandomLabelsResult]) -> Any:
    figure, axes = canvas("Bounds and measured values (shaded: vacuous)", 2)
    positions = [100 * arm.share for arm in shares]
    for axis, quantity in zip(axes, ("error", "gap"), strict=True):
        is_gap = quantity == "gap"
        measures = [arm.gap if is_gap else _wrong(arm.held_out) for arm in shares]
        marks(axis, positions, measures, "measured", 0, 100)
        drawn: dict[str, list[float]] = {}
        for arm in shares:
            for bound in arm.bounds:
                if bound.of == quantity:
                    drawn.setdefault(bound.name, []).append(100 * bound.value)
        information = [100 * arm.information.bound for arm in shares if arm.information is not None]
        if is_gap and len(information) == len(shares):
            drawn["f_cmi"] = information
        for k, (name, values) in enumerate(drawn.items(), 1):
            curve(axis, positions, values, BOUND_NAMES[name], k)
        vacuous = 100 if is_gap else 100 * (1 - _chance(result))
        top = max(105.0, axis.get_ylim()[1])
        axis.axhspan(vacuous, top, color="black", alpha=0.08, linewidth=0)
        axis.set(xlabel="random labels, %", ylabel=f"{quantity}, %", ylim=(0, top))
        axis.set_title("gap, training less new rows" if is_gap else "error on new rows")
        axis.legend(loc="best")
    return figure


def _chance(result: MemorizeResult) -> float:
    """Return the accuracy of a guess among equally likely classes."""
    return 1 / len(result.data.classes or ("",))


def _wrong(right: Measure) -> Measure:
    """Return the mean share of wrong predictions with its interval, from the share of right ones."""
    ends = right.interval
    return replace(
        right,
        mean=None if right.mean is None else 1 - right.mean,
        interval=None if ends is None else [None if end is None else 1 - end for end in reversed(ends)],
    )
