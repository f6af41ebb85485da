"""The check whether a run can be resumed. It needs no JAX, so a refusal is immediate."""

from __future__ import annotations

from ravine.errors import DataError
from ravine.records.run_directory import BEST_MODEL, CONFIG, RunDirectory

__all__ = ["check_resumable"]


def check_resumable(run: RunDirectory) -> None:
    """Raise DataError for a run that cannot be resumed.

    Such runs are those of version 1 of Ravine, and those without `config.toml`, which stopped before they
    read their data.
    """
    if run.metadata.schema_version == 1:
        writer = run.metadata.versions.get("ravine", "1")
        has_model = run.has(f"{BEST_MODEL}/model.json")
        raise DataError(
            f"The run '{run.path}' was written by ravine {writer}, whose runs this version cannot resume.",
            "Its model can still be used to predict." if has_model else "It has no model.",
            "Type its command again to begin a new run.",
        )
    if not run.has(CONFIG):
        raise DataError(
            f"The run '{run.path}' stopped before it had read its data.",
            "It has no configuration file to resume from.",
            "Type the command again.",
        )
