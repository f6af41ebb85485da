"""Pictures of a memorisation test: random labels, what limits memory, bounds beside what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ravine.render.errorbars import canvas, curve, half_widths, marks
from ravine.render.numbers import clean
from ravine.render.plot_style import COLORS, save, style
from ravine.studies.memorize.view import NAMES

__all__ = ["memory_pictures"]


def memory_pictures(document: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write the pictures of a memorise document into a folder; return their paths."""
    shares = [each for each in document["shares"] if each["networks"]]
    drawn = {"random_labels": _fitting, "limits": _limits, "bounds": _bounds}
    with style():
        figures = {name: draw(document, shares) for name, draw in drawn.items()}
        return [
            save(figure, folder / f"{name}.png") for name, figure in figures.items() if figure is not None
        ]


def _fitting(document: Mapping[str, Any], shares: list[Any]) -> Any:
    figure, (left, right) = canvas(f"Random labels: {clean(document['data']['name'])}", 2)
    for which, each in enumerate(shares):
        values = [100 * value for value in each["curve"]["train"]]
        curve(left, each["curve"]["epoch"], values, f"{each['share']:.0%}", which)
    left.set(xlabel="epoch", ylabel="training labels given, %", xscale="log", ylim=(0, 102))
    left.legend(title="labels drawn anew", loc="best")
    places = [100 * each["share"] for each in shares]
    for which, (key, label) in enumerate(
        (("train", "training rows"), ("test", "test rows"), ("memorised", "memorised"))
    ):
        marks(right, places, [each[key] for each in shares], label, which, 100)
    right.axhline(100 / len(document["data"]["classes"]), color="black", linewidth=0.8, linestyle=":")
    right.set(xlabel="labels drawn anew, %", ylabel="rows, %", ylim=(-2, 102))
    right.set_title("dotted: chance")
    right.legend(loc="best")
    return figure


def _limits(document: Mapping[str, Any], shares: list[Any]) -> Any:
    limits = [each for each in document["limits"] if each["networks"]]
    if not limits:
        return None
    drawn_anew = sorted({each["share"] for each in limits})
    figure, axes = canvas("What limits memory", len(drawn_anew))
    for axis, share in zip(axes, drawn_anew, strict=True):
        arms = [each for each in (*shares, *limits) if each["share"] == share]
        keys = [
            ("wrong_learned", "wrong labels learned"),
            ("memorised", "memorised"),
            ("test", "test rows right"),
        ]
        keys = [each for each in keys if all(arm[each[0]] is not None for arm in arms)]
        high = 0.8 / len(keys)
        for which, (key, label) in enumerate(keys):
            places = [row + which * high for row in range(len(arms))]
            values = [arm[key] for arm in arms]
            axis.barh(
                places, [100 * (each["mean"] or 0) for each in values], high * 0.9,
                xerr=half_widths(values, 100), label=label, color=COLORS[which],
                hatch=("", "//", "..")[which], edgecolor="white", error_kw={"capsize": 2},
            )  # fmt: skip
        axis.set_yticks(
            [row + 0.4 - high / 2 for row in range(len(arms))],
            [clean(arm["limit"] or "nothing") for arm in arms],
        )
        axis.invert_yaxis()
        axis.set(xlabel="%", xlim=(0, 105))
        axis.set_title(f"{share:.0%} of the labels drawn anew")
        axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=len(keys), fontsize=9)
    return figure


def _bounds(document: Mapping[str, Any], shares: list[Any]) -> Any:
    figure, axes = canvas("Bounds beside what was measured (shaded: vacuous)", 2)
    places = [100 * each["share"] for each in shares]
    for axis, kind in zip(axes, ("error", "gap"), strict=True):
        if kind == "gap":
            marks(axis, places, [each["gap"] for each in shares], "measured", 0, 100)
        else:
            marks(axis, places, [_wrong(each["held_out"]) for each in shares], "measured", 0, 100)
        names = dict.fromkeys(
            each["name"] for share in shares for each in share["bounds"] if each["of"] == kind
        )
        which = 0
        for which, name in enumerate(names, 1):
            bound = [next(each for each in share["bounds"] if each["name"] == name) for share in shares]
            curve(axis, places, [100 * each["value"] for each in bound], NAMES[name], which)
        if kind == "gap" and all(share["information"] for share in shares):
            curve(
                axis,
                places,
                [100 * share["information"]["bound"] for share in shares],
                NAMES["f_cmi"],
                which + 1,
            )
        chance = 100 if kind == "gap" else 100 * (1 - 1 / len(document["data"]["classes"]))
        top = max(105.0, axis.get_ylim()[1])
        axis.axhspan(chance, top, color="black", alpha=0.08, linewidth=0)
        axis.set(xlabel="labels drawn anew, %", ylabel=f"{kind}, %", ylim=(0, top))
        axis.set_title("error on new rows" if kind == "error" else "gap, training less new rows")
        axis.legend(loc="best")
    return figure


def _wrong(held: Mapping[str, Any]) -> dict[str, Any]:
    low_high = held["interval"]
    return {
        "mean": 1 - held["mean"],
        "interval": None if low_high is None else [1 - low_high[1], 1 - low_high[0]],
    }
