"""The animation of optimizers as one HTML file without dependencies: paths as JSON, and a script."""

from __future__ import annotations

import html as escaping
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ravine.lecture.animations.scenes import RULES, STEPS, Paths, styles_of
from ravine.optimizers.plot_style import PlotStyle

__all__ = ["html"]

SHAPES = {
    "circle": '<circle cx="22" cy="8" r="5"/>',
    "square": '<rect x="17.5" y="3.5" width="9" height="9"/>',
    "triangle": '<path d="M22 2l6 11h-12z"/>',
    "diamond": '<path d="M22 1.5l6.5 6.5l-6.5 6.5l-6.5-6.5z"/>',
    "pentagon": '<path d="M22 2l6 4.5l-2.3 7h-7.4l-2.3-7z"/>',
    "cross": '<path d="M18 4l8 8m0-8l-8 8" fill="none" stroke-width="3.5"/>',
}


def html(title: str, all_paths: Sequence[Paths]) -> bytes:
    """Return the HTML page, in UTF-8, that animates the paths of optimizers on several loss landscapes."""
    frame = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
    styles = styles_of(all_paths[0].rules)
    light = "".join(f"--{name}:{style.light};" for name, style in styles.items())
    dark = "".join(f"--{name}:{style.dark};" for name, style in styles.items())
    data = {
        "steps": STEPS,
        "rules": [
            {"name": name, "dash": style.dash, "mark": style.marker, "called": RULES[name]}
            for name, style in styles.items()
        ],
        "scenes": [_scene(paths) for paths in all_paths],
    }
    parts = {
        "TITLE": escaping.escape(title),
        "LIGHT": light,
        "DARK": dark,
        "STEPS": str(STEPS),
        "LEGEND": "".join(_legend(name, style) for name, style in styles.items()),
        "SCENES": "".join(_panel(number, paths) for number, paths in enumerate(all_paths)),
        # "<" in the data could end the script
        "DATA": json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c"),
    }
    for name, text in parts.items():
        frame = frame.replace(f"%%{name}%%", text)
    return frame.encode("utf-8")


def _scene(paths: Paths) -> dict[str, object]:
    return {
        "window": paths.scene.window,
        "ground": _short(paths.ground, 3),
        "levels": _short(paths.levels, 5),
        "paths": _short(paths.paths, 4),
        "losses": _short(paths.losses, 4),
    }


def _short(values: np.ndarray, digits: int) -> list:
    """Return `values` [...] as nested lists of numbers that are rounded to `digits` significant digits."""
    rounded = np.vectorize(lambda value: float(f"{value:.{digits}g}"), otypes=[float])(values)
    return rounded.tolist()


def _legend(name: str, style: PlotStyle) -> str:
    dash = " ".join(map(str, style.dash))
    return (
        f'<label><input type="checkbox" checked data-rule="{name}">'
        f'<svg width="44" height="16" aria-hidden="true" stroke="var(--{name})" fill="var(--{name})">'
        f'<path d="M0 8h44" stroke-width="2.5" stroke-dasharray="{dash}"/>{SHAPES[style.marker]}</svg>'
        f"{escaping.escape(RULES[name])}</label>"
    )


def _panel(number: int, paths: Paths) -> str:
    scene = paths.scene
    rows = "".join(
        f'<tr><th scope="row">{escaping.escape(RULES[name])}</th><td>{scene.rates[name]:g}</td>'
        f'<td data-loss="{number}-{name}">{paths.losses[k, -1]:.2g}</td></tr>'
        for k, name in enumerate(paths.rules)
    )
    says = escaping.escape(scene.says)
    return (
        f"<section><h2>{escaping.escape(scene.title)}</h2><p>{says}</p>"
        f'<canvas class="map" data-scene="{number}" role="img" aria-label="Paths: {says}"></canvas>'
        f'<canvas class="loss" data-scene="{number}" role="img" aria-label="Losses by step"></canvas>'
        "<table><thead><tr><th>optimizer</th><th>learning rate</th>"
        "<th>loss above the lowest</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></section>"
    )
