"""Finish exactly what was asked."""

from __future__ import annotations

from ravine.errors import DataError
from ravine.records.rundir import RunDirectory
from ravine.records.tomlfile import load as load_toml
from ravine.studies.compare import Comparison, compare_study
from ravine.studies.events import Notify, StopAsked
from ravine.studies.settings import CompareSettings, TrainSettings
from ravine.studies.train import Training, train_study

__all__ = ["resume"]


def resume(
    run: RunDirectory, notify: Notify | None = None, stop: StopAsked | None = None
) -> Comparison | Training:
    """Finish a run, or give a finished one's result again; the caller holds its lock.

    Raises DataError where data or configuration have changed, or the run was killed before it had a plan.
    """
    if not run.config.exists():
        raise DataError(
            f"The run '{run.path}' stopped before it had read its data.",
            "There is nothing to go on from.",
            "Type the command again.",
        )
    plain = load_toml(run.config)
    if plain.get("source") == "-":
        raise DataError(
            f"The run '{run.path}' read its data from standard input.",
            "They are gone.",
            "Save the data to a file and begin a new run.",
        )
    if run.about.get("verb") == "train":
        return train_study(TrainSettings.from_dict(plain), run=run, notify=notify, stop=stop)
    return compare_study(CompareSettings.from_dict(plain), run=run, notify=notify, stop=stop)
