"""Animations of optimizers on four landscapes, in one file: an HTML page or a GIF.

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
    """Write the paths of the optimizers `rules`, keys of RULES, to `path`; the suffix is the format.

    The file is written atomically. Raises UsageError for another suffix or optimizer, DataError if the file
    cannot be written.
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
