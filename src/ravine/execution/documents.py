"""The files of a study without a model in its run directory: its document and its pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ravine.records.files import write_json
from ravine.records.rundir import RunDirectory

__all__ = ["keep_document"]

PICTURES = "pictures"


def keep_document(
    run: RunDirectory | None,
    document: dict[str, Any],
    draw: Callable[[Mapping[str, Any], Path], list[Path]],
    told: str,
) -> None:
    """Write pictures and document, mark the run finished; `told`: what `ravine runs` shows of it.

    draw(document, folder) returns the paths it wrote, which the document then names.
    """
    if run is None:
        return
    folder = run.path / PICTURES
    folder.mkdir(exist_ok=True)
    document["pictures"] = [str(path) for path in draw(document, folder)]
    write_json(run.leaderboard_json, document, sort=False)
    run.update(state="finished", summary=told)
