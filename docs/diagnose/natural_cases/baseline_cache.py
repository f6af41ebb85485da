"""Baselines of the diagnosed tables, computed once for equal rows and seeds.

Most entries of the list share the rows of their table. `remember_baselines` puts files between the study and
its function `run_baselines`, so that only the first of these entries fits boosted trees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from ravine.execution.base_settings import NetworkSettings
from ravine.execution.baseline_rows import BaselineRow
from ravine.execution.context import RunContext
from ravine.records.atomic_files import read_json, write_json
from ravine.records.content_hash import content_hash
from ravine.studies.diagnose import study

__all__ = ["cached", "remember_baselines"]

RunBaselines = Callable[[RunContext, NetworkSettings, str, Sequence[int]], list[BaselineRow]]


def remember_baselines(folder: Path) -> None:
    """Make `diagnose` read baselines from a folder, and write those that the folder lacks."""
    folder.mkdir(parents=True, exist_ok=True)
    study.run_baselines = cached(study.run_baselines, folder)


def cached(run_baselines: RunBaselines, folder: Path) -> RunBaselines:
    """Return `run_baselines` with a file for each combination of rows, metric, seeds and settings."""

    def run(
        context: RunContext, settings: NetworkSettings, metric: str, seeds: Sequence[int]
    ) -> list[BaselineRow]:
        data = context.dataset
        key = content_hash(
            [data.x, data.y, data.weights, data.groups, data.test, data.seed, metric, list(seeds),
             settings.validation, settings.precision]
        )  # fmt: skip
        path = folder / f"{key}.json"
        if path.exists():
            return msgspec.convert(read_json(path), list[BaselineRow])
        rows = run_baselines(context, settings, metric, seeds)
        write_json(path, msgspec.to_builtins(rows))
        return rows

    return run
