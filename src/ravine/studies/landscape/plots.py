"""Figures of a loss landscape: the loss along lines, on planes as map and surface, and between solutions.

A solution is the weights at the end of a training. The figures are readable without colors: brightness shows
the loss on a plane, and lines differ in dashes and marks.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ravine.errors import UsageError
from ravine.networks import find_loss
from ravine.render.plot_style import COLORS, FORMATS, LINES, MARKS, save, style
from ravine.studies.landscape.result import DirectionRow, LandscapeResult, PlaneRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

__all__ = ["draw", "figures"]

WIDTH_IN, HEIGHT_IN = 10.0, 5.0
LABEL_PAD_IN = 0.12  # room around a map with equal scales, whose labels the layout does not count in full
FONT_SIZE = 11  # points
SKEW_RATIO = 10.0  # largest over smallest loss; above, linear levels would leave one dark band
CONTOUR_LEVELS = 12
SAME_SCALE = ("eigenvectors", "solutions")  # planes whose shape would be lost in a stretched map
MAX_ASPECT = 4.0  # long over short side; above, the axes of these planes have different scales, too
MIN_PARABOLA_WIDTH = 0.04  # share of the figure; a narrower parabola is not drawn
TITLES = {
    "random": "Two random directions, filter-normalized",
    "eigenvectors": "The two sharpest directions",
    "trajectories": "The paths of the optimizers, on their first two principal axes",
    "solutions": "The plane through three solutions",
}
AXES = {
    "random": ("random 1", "random 2"),
    "eigenvectors": ("eigenvector 1", "eigenvector 2"),
    "trajectories": ("first principal axis", "second principal axis"),
    "solutions": ("from solution 1 to 2", "towards solution 3"),
}

Arrays = Mapping[str, np.ndarray]


def draw(result: LandscapeResult, folder: Path, kind: str = "png") -> list[Path]:
    """Write the figures of a loss landscape to a folder, and return the paths of their files.

    kind: format of the files: png, svg or pdf. Raises UsageError for another format, DataError if a file
    cannot be written.
    """
    if kind not in FORMATS:  # before the work of drawing
        raise UsageError(f"'{kind}' is not a format of figures.", "", f"Use one of {', '.join(FORMATS)}.")
    with style(FONT_SIZE):
        return [save(figure, folder / f"{name}.{kind}") for name, figure in figures(result).items()]


def figures(result: LandscapeResult) -> dict[str, Figure]:
    """Return the figures of a loss landscape by name, which is the name of their file without a suffix.

    They show the loss along directions, on planes in weight space, and on lines between solutions. A plane
    on which no loss is finite has no figure. The figure of the lines is left out if there are none.
    """
    arrays = result.arrays
    with style(FONT_SIZE):
        drawn = {"slices": _slices(result, arrays), "profile": _profile(result, arrays)}
        for plane in result.planes:
            if plane.highest is not None:
                drawn[f"plane-{plane.name}"] = _plane(result, plane, arrays)
        if result.barriers:
            drawn["barriers"] = _barriers(result, arrays)
    return drawn


def _title(title: str, result: LandscapeResult) -> str:
    """Return the title of a figure, with data, network, optimizer and learning rate in a second line."""
    center = result.center
    at, first = center.current_learning_rate, center.learning_rate
    moved = "" if at == first or first is None else " at the last step"
    rate = "" if at is None else f" at learning rate {at:.3g}{moved}"
    rule = "" if center.optimizer is None else f", {center.optimizer}{rate}"
    return f"{title}\n{result.data.name}, {center.network}{rule}"


def _canvas(title: str, result: LandscapeResult, columns: int = 1) -> tuple[Figure, list[Axes]]:
    from matplotlib.figure import Figure

    figure = Figure((WIDTH_IN, HEIGHT_IN), layout="constrained")
    figure.suptitle(_title(title, result), fontsize=12)
    return figure, list(np.ravel(figure.subplots(1, columns, squeeze=False)))


def _unit(result: LandscapeResult) -> str:
    return f"loss [{find_loss(result.center.loss_name).unit}]"


def _line(axes: Axes, x: np.ndarray, y: np.ndarray, label: str, k: int) -> None:
    every = max(1, len(x) // 10)
    axes.plot(
        x, y, label=label, color=COLORS[k], linestyle=LINES[k], marker=MARKS[k],
        markevery=(k * every // 4, every), markersize=5,
    )  # fmt: skip


def _slices(result: LandscapeResult, arrays: Arrays) -> Figure:
    figure, (left, right) = _canvas("The loss along four directions", result, 2)
    for half, axes in enumerate((left, right)):
        for k, name in enumerate(
            ("random 1", "random 2") if half == 0 else ("eigenvector 1", "eigenvector 2")
        ):
            direction = _direction(result, name)
            x, loss = arrays[f"slice/{name}/x"], arrays[f"slice/{name}/loss"]
            _line(axes, x, _drawable(loss), f"{name}, curvature {direction.curvature:.3g}", k + 2 * half)
        axes.set_ylabel(_unit(result))
        axes.legend(loc="upper center")
        low, high = axes.get_ylim()
        axes.set_ylim(low, high + 0.2 * (high - low))  # room for the legend
    left.set_xlabel("step [length of the weights into each unit]")
    right.set_xlabel("distance from the center [length in weight space]")
    return figure


def _profile(result: LandscapeResult, arrays: Arrays) -> Figure:
    """Return the figure of the loss along the sharpest and a random direction, over equal distances.

    The figure also shows the parabola of the stability limit.
    """
    sharp = result.sharpness
    figure, (axes,) = _canvas("Sharp and flat: the loss near the center", result)
    x, loss = arrays["slice/sharpest/x"], _drawable(arrays["slice/sharpest/loss"])
    direction = _direction(result, "sharpest")
    _line(axes, x, loss, f"{result.title_of(direction)}, curvature {direction.curvature:.3g}", 0)
    flat = arrays["slice/flat/loss"]
    _line(axes, arrays["slice/flat/x"], _drawable(flat), "random direction", 2)
    center, top = result.center, float(np.nanmax(loss))
    axes.plot(
        x, center.loss + direction.slope * x + direction.curvature * x**2 / 2, color="#555555", linewidth=1,
        linestyle=":", label="parabola of the measured curvature",
    )  # fmt: skip
    if direction.limit is not None:
        label = f"limit parabola, curvature {direction.limit:.3g}"
        label += f" = {sharp.formula}" if not sharp.preconditioned else ""
        limit = arrays["slice/sharpest/limit"]
        if center.decayed:
            at = f"at the last step's learning rate {center.current_learning_rate:.2g}"
            axes.plot([], [], " ", label=f"no limit parabola: {at} every curvature is stable")
        elif np.sqrt(2 * top / direction.limit) < MIN_PARABOLA_WIDTH * np.abs(x).max():
            axes.plot([], [], " ", label=f"{label}: too narrow to draw")
        else:
            axes.plot(x, limit, color=COLORS[1], linestyle="--", label=label)
            top = max(top, min(float(limit.max()), 1.5 * top))
    axes.set_ylim(min(0.0, float(np.nanmin(loss))) - 0.03 * top, 1.35 * top)
    axes.set_xlabel("distance from the center [length in weight space]")
    axes.set_ylabel(_unit(result))
    axes.legend(loc="upper center", ncols=2)
    return figure


def _plane(result: LandscapeResult, plane: PlaneRow, arrays: Arrays) -> Figure:
    from matplotlib.figure import Figure

    name = plane.name
    x, y, loss = (arrays[f"plane/{name}/{part}"] for part in ("x", "y", "loss"))
    shown = np.ma.masked_invalid(loss)
    levels, norm, steep = _levels(shown)
    extent = float(np.ptp(x)), float(np.ptp(y))
    same_scale = name in SAME_SCALE and max(extent) <= MAX_ASPECT * min(extent)

    figure = Figure((WIDTH_IN, HEIGHT_IN))
    figure.set_layout_engine("constrained", h_pad=LABEL_PAD_IN)
    figure.suptitle(_title(TITLES[name], result), fontsize=12)
    flat = figure.add_subplot(1, 2, 1)
    filled = flat.contourf(x, y, shown, levels=levels, norm=norm, cmap="cividis")
    lines = flat.contour(x, y, shown, levels=levels, colors="black", linewidths=0.6)
    flat.clabel(lines, levels[::2], fmt=lambda value: f"{value:.2g}", fontsize=7)
    _marked(flat, name, result)
    if same_scale:
        flat.set_aspect("equal")
    if name == "eigenvectors":
        flat.set_title(_curvature_ratio(result, extent, same_scale), fontsize=9)
    flat.grid(False)
    flat.locator_params(nbins=5)
    flat.set_facecolor("white")
    unit = "length in weight space" if plane.unit == "distance" else plane.unit
    across, up = AXES[name]
    share = plane.explained
    if share is not None:
        across, up = (f"{axis}, {100 * s:.1f} %" for axis, s in zip((across, up), share, strict=True))
    flat.set_xlabel(f"{across} [{unit}]")
    flat.set_ylabel(f"{up} [{unit}]")
    bar = figure.colorbar(filled, ax=flat, label=_unit(result), shrink=0.85)
    bar.set_ticks(levels[::2].tolist())
    bar.minorticks_off()
    bar.ax.set_yticklabels([f"{value:.2g}" for value in levels[::2]])

    solid: Any = figure.add_subplot(1, 2, 2, projection="3d")
    height = np.log10(loss, where=loss > 0, out=np.full(loss.shape, np.nan)) if steep else np.array(loss)
    height = np.where(np.isfinite(height), height, np.nan)
    grid = np.meshgrid(x, y)
    solid.plot_surface(
        *grid, height, cmap="cividis", edgecolor="#333333", linewidth=0.15, rcount=51, ccount=51
    )
    solid.set_xlabel(AXES[name][0], labelpad=10)
    solid.set_ylabel(AXES[name][1], labelpad=10)
    solid.set_zlabel(f"log10 {_unit(result)}" if steep else _unit(result), labelpad=11)
    solid.tick_params(labelsize=8)
    solid.locator_params(nbins=4)
    solid.view_init(elev=38, azim=-55)
    sides = (4 * extent[0] / max(extent), 4 * extent[1] / max(extent), 3.0) if same_scale else None
    solid.set_box_aspect(sides, zoom=0.72)  # room for the label of the height
    return figure


def _levels(loss: np.ma.MaskedArray[Any, Any]) -> tuple[np.ndarray, Normalize, bool]:
    """Return the levels of a map, their colors, and whether both are logarithmic.

    Linear levels hide everything near the minimum if few places have a far higher loss. Levels are then
    logarithmic or, if the lowest loss is not above 0, quantiles of the losses.
    """
    from matplotlib.colors import BoundaryNorm, LogNorm, Normalize

    low, high = float(loss.min()), float(loss.max())
    if high <= low:  # a loss that is the same everywhere has no levels
        high = low + max(abs(low), 1.0) * 1e-6
    if low > 0 and high / low > SKEW_RATIO:
        return np.geomspace(low, high, CONTOUR_LEVELS), LogNorm(low, high), True
    quantiles = np.unique(np.quantile(loss.compressed(), np.linspace(0, 1, CONTOUR_LEVELS)))
    if low <= 0 and len(quantiles) > 2 and high - low > SKEW_RATIO * (float(np.ma.median(loss)) - low):
        return quantiles, BoundaryNorm(quantiles, 256), False
    return np.linspace(low, high, CONTOUR_LEVELS), Normalize(low, high), False


def _curvature_ratio(result: LandscapeResult, extent: tuple[float, float], same_scale: bool) -> str:
    """Return the curvatures along both axes and their ratio, and how far the scales of the axes differ."""
    first, second = (_direction(result, f"eigenvector {k}").curvature for k in (1, 2))
    text = f"curvature {first:.3g} across, {second:.3g} up"
    if second != 0:
        text += f": ratio {first / second:.3g}"
    if same_scale:
        return f"{text}; both axes have the same scale"
    wide = "vertical" if extent[0] > extent[1] else "horizontal"
    return f"{text}\nthe {wide} axis is stretched {max(extent) / min(extent):.3g}-fold"


def _marked(axes: Axes, name: str, result: LandscapeResult) -> None:
    """Draw paths and points on a map of the loss, with white edges to stand out on any background.

    The place of an optimizer in the result decides its color. The order of the arrays does not, since a file
    sorts them.
    """
    from matplotlib import patheffects

    arrays, base = result.arrays, f"plane/{name}/mark/"
    places = {row.optimizer: place for place, row in enumerate(result.trajectories)}
    halo: list[patheffects.AbstractPathEffect] = [patheffects.withStroke(linewidth=4, foreground="white")]
    labels = sorted(key.removeprefix(base) for key in arrays if key.startswith(base))
    labels.sort(key=lambda label: places.get(label, len(places)))
    for k, label in enumerate(labels):
        k, positions = places.get(label, k), np.asarray(arrays[base + label])
        if len(positions) > 1:
            (line,) = axes.plot(
                *positions.T, color=COLORS[k + (k > 0)], linestyle=LINES[k], marker=MARKS[k],
                markersize=4, markevery=max(1, len(positions) // 12), label=label, linewidth=1.8,
            )  # fmt: skip
            line.set_path_effects(halo)
            axes.plot(
                *positions[-1], marker="*", color=line.get_color(), markersize=13, markeredgecolor="white"
            )
        else:
            axes.plot(*positions[0], marker="*", color="black", markersize=13, markeredgecolor="white")
            if name == "solutions":
                text = axes.annotate(label.split()[-1], positions[0], (7, 5), textcoords="offset points")
                text.set_path_effects(halo)
    if name == "trajectories":
        origin = np.asarray(arrays[base + labels[0]])[0]
        (start,) = axes.plot(
            *origin, marker="D", color="white", markersize=9, markeredgecolor="black",
            markeredgewidth=1.5, linestyle="none", label="start", zorder=4,
        )  # fmt: skip
        start.set_gid("start")
        axes.plot([], [], "*", color="#555555", markersize=11, label="end")
        legend = axes.legend(loc="best", fontsize=9, frameon=True, framealpha=0.9)
        legend.set_zorder(5)


def _direction(result: LandscapeResult, name: str) -> DirectionRow:
    return next(direction for direction in result.directions if direction.name == name)


def _barriers(result: LandscapeResult, arrays: Arrays) -> Figure:
    rows = result.barriers
    figure, axes = _canvas("On the straight line between solutions", result, len(rows))
    top = 0.0
    for panel, row in zip(axes, rows, strict=True):
        base = f"line/{row.a}-{row.b}"
        t = arrays[f"{base}/t"]
        _line(panel, t, arrays[f"{base}/before"], f"as trained, barrier {row.before:.3g}", 0)
        top = max(top, float(arrays[f"{base}/before"].max()))
        if f"{base}/after" in arrays:
            _line(panel, t, arrays[f"{base}/after"], f"units aligned, barrier {row.after:.3g}", 1)
            top = max(top, float(arrays[f"{base}/after"].max()))
        panel.set_title(f"solution {row.a} to {row.b}")
        panel.set_xlabel("share of the line")
        panel.legend(loc="upper center", fontsize=9)
    for panel in axes:
        panel.set_ylim(-0.03 * top, 1.3 * top)
    axes[0].set_ylabel(_unit(result))
    return figure


def _drawable(loss: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(loss), loss, np.nan)
