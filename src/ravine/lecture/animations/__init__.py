"""Rules in motion on four landscapes, in one file: a page for a browser, or a GIF for a slide.

scenes.py   the landscapes, and where the product's rules walk on them
html.py     one HTML file that needs nothing else (page.html: its frame, its style, its script)
gif.py     one GIF, drawn with matplotlib
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ravine.errors import UsageError, did_you_mean
from ravine.lecture.animations.scenes import RULES, SCENES, scene_paths

__all__ = ["write"]

KINDS = (".html", ".gif")


def write(path: str | Path, title: str, rules: Sequence[str]) -> None:
    """Write the walks of `rules` (keys of RULES) to `path`, whole or not at all; its ending says the kind.

    Raises UsageError for another ending or rule, DataError where the file cannot be written.
    """
    target = Path(path)
    if target.suffix.lower() not in KINDS:
        raise UsageError(
            f"Animations are not written as '{target.suffix}'.", "", f"Use one of {', '.join(KINDS)}."
        )
    if not rules:
        raise UsageError("There is nothing to animate.", "No rule was named.", f"Use {', '.join(RULES)}.")
    for name in rules:
        if name not in RULES:
            raise UsageError(f"The rule '{name}' is not animated.", "", did_you_mean(name, RULES))
    if target.suffix.lower() == ".gif":
        from ravine.lecture.animations.gif import gif as render
    else:
        from ravine.lecture.animations.html import html as render
    from ravine.records.atomic_files import writing

    content = render(title, [scene_paths(scene, rules) for scene in SCENES])
    with writing(target) as file:
        file.write(content)
