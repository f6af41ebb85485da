"""The animation of optimizers on four loss landscapes as one GIF, drawn with matplotlib."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from ravine.lecture.animations.scenes import RULES, STEPS, Paths, styles_of
from ravine.lecture.plot_style import canvas, style

__all__ = ["gif"]

STEPS_PER_FRAME = 3
DPI = 100
FRAME_MS, LAST_FRAME_MS = 120, 2000
MARKS = {"circle": "o", "square": "s", "triangle": "^", "pentagon": "p", "diamond": "D", "cross": "X"}


def gif(title: str, all_paths: Sequence[Paths]) -> bytes:
    """Return the bytes of a GIF that animates the paths of optimizers on four loss landscapes."""
    with style():
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from PIL import Image

        figure, axes = canvas(title, columns=2, rows=2)
        sheet = FigureCanvasAgg(figure)
        figure.set_dpi(DPI)
        places = axes.ravel()
        drawn = [_panel(paths, place) for paths, place in zip(all_paths, places, strict=True)]
        names = [RULES[name] for name in all_paths[0].rules]
        figure.legend(drawn[0], names, loc="outside lower center", ncols=len(names))
        sheet.draw()  # the landscape, once
        ground = sheet.copy_from_bbox(figure.bbox)
        pictures = []
        for step in range(0, STEPS + 1, STEPS_PER_FRAME):
            sheet.restore_region(ground)
            for paths, place, curves in zip(all_paths, places, drawn, strict=True):
                for path, curve in zip(paths.paths, curves, strict=True):
                    curve.set_data(*path[: step + 1].T)
                    curve.set_markevery([step])
                    place.draw_artist(curve)
            pictures.append(Image.fromarray(np.asarray(sheet.buffer_rgba())).convert("RGB"))
        palette = Image.new("P", (1, 1))
        palette.putpalette(_palette(all_paths[0].rules))
        # one palette for all frames, so that only changed pixels are written
        frames = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    file = io.BytesIO()
    pauses = [FRAME_MS] * (len(frames) - 1) + [LAST_FRAME_MS]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=pauses, loop=0)
    return file.getvalue()


def _palette(rules: Sequence[str]) -> list[int]:
    """Return 256 colors as red, green and blue in turn: grays, and each optimizer's color fading to gray."""
    from matplotlib.colors import to_rgb

    fading = 24
    greys = np.repeat(np.linspace(0, 1, 256 - fading * len(rules))[:, None], 3, axis=1)
    share = np.linspace(0, 0.92, fading)[:, None]
    colors = [to_rgb(style.light) for style in styles_of(rules).values()]
    colored = [np.asarray(color) * (1 - share) + 0.88 * share for color in colors]
    return np.rint(255 * np.concatenate([greys, *colored])).astype(int).ravel().tolist()


def _panel(paths: Paths, axes) -> list:
    """Draw the landscape of one scene; return an empty curve for each optimizer."""
    scene = paths.scene
    x_from, x_to, y_from, y_to = scene.window
    rows, columns = paths.ground.shape
    levels = np.concatenate([[paths.ground.min() - 1], paths.levels, [paths.ground.max() + 1]])
    axes.contourf(
        np.linspace(x_from, x_to, columns), np.linspace(y_from, y_to, rows), paths.ground,
        levels=levels, colors=[str(grey) for grey in np.linspace(0.78, 0.98, len(levels) - 1)],
    )  # fmt: skip
    axes.contour(
        np.linspace(x_from, x_to, columns), np.linspace(y_from, y_to, rows), paths.ground,
        levels=paths.levels, colors="#9a9a9a", linewidths=0.5, linestyles="solid",
    )  # fmt: skip
    axes.set(title=scene.title, xlim=(x_from, x_to), ylim=(y_from, y_to))
    axes.tick_params(labelbottom=False, labelleft=False)
    axes.grid(False)
    return [
        axes.plot(
            [], [], color=style.light, linestyle=(0, style.dash or None), marker=MARKS[style.marker],
            linewidth=1.6, animated=True,
        )[0]
        for style in styles_of(paths.rules).values()
    ]  # fmt: skip
