"""What a study without a model leaves in its run directory: its document, and pictures where they can be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ravine.records.atomic_files import write_json
from ravine.records.run_directory import RunDirectory
from ravine.render.plot_style import can_draw

__all__ = ["keep_document"]

PICTURES = "pictures"


def keep_document(
    run: RunDirectory | None,
    document: dict[str, Any],
    draw: Callable[[Mapping[str, Any], Path], list[Path]],
    told: str,
) -> None:
    """Write pictures and document, mark the run finished; `told`: what `ravine runs` shows of it.

    draw(document, folder) returns the paths it wrote, which the document then names. Without matplotlib there
    are none.
    """
    if run is None:
        return
    if can_draw():
        folder = run.path / PICTURES
        folder.mkdir(exist_ok=True)
        document["pictures"] = [str(each) for each in draw(document, folder)]
    write_json(run.leaderboard_json, document, sort=False)
    run.update(state="finished", summary=told)
