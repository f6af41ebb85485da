"""Animations of optimizers on four loss landscapes, each animation in one file: an HTML page or a GIF.

scenes.py   the landscapes, and the paths of the optimizers
html.py     one HTML file without dependencies (page.html: its frame, style and script)
gif.py      one GIF, drawn with matplotlib
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ravine.errors import UsageError, did_you_mean
from ravine.lecture.animations.scenes import RULES, SCENES, scene_paths

__all__ = ["write_animation"]

KINDS = (".html", ".gif")


def write_animation(path: str | Path, title: str, rules: Sequence[str]) -> None:
    """Write the animation of several optimizers on four landscapes to one file, an HTML page or a GIF.

    The suffix of the path, .html or .gif, is the format. rules: names of the optimizers, keys of RULES. The
    file is replaced completely or not at all. Raises UsageError for another suffix, an unknown optimizer or
    none, DataError if the file cannot be written.
    """
    target = Path(path)
    if target.suffix.lower() not in KINDS:
        raise UsageError(
            f"An animation cannot be a file with the suffix '{target.suffix}'.",
            "",
            f"Use one of {', '.join(KINDS)}.",
        )
    if not rules:
        raise UsageError(
            "There is nothing to animate.",
            "No optimizer is named.",
            f"Choose from {', '.join(RULES)}.",
        )
    for name in rules:
        if name not in RULES:
            raise UsageError(f"The optimizer '{name}' has no animation.", "", did_you_mean(name, RULES))
    if target.suffix.lower() == ".gif":
        from ravine.lecture.animations.gif import gif as render
    else:
        from ravine.lecture.animations.html import html as render
    from ravine.records.atomic_files import writing

    content = render(title, [scene_paths(scene, rules) for scene in SCENES])
    with writing(target) as file:
        file.write(content)
