"""Finish exactly what was asked."""

from __future__ import annotations

from ravine.data import BUILTIN
from ravine.data.read_table import file_and_part
from ravine.errors import DataError
from ravine.execution.events import Notify, StopAsked
from ravine.execution.loading import load
from ravine.execution.run_files import check_data, kept_document
from ravine.execution.saved_model import Model
from ravine.execution.settings import (
    CompareSettings,
    DescentSettings,
    DiagnoseSettings,
    MemoriseSettings,
    SweepSettings,
    TrainSettings,
)
from ravine.records.record import Record
from ravine.records.run_directory import RunDirectory
from ravine.records.toml_files import load as load_toml
from ravine.studies.compare.study import Comparison, compare_study
from ravine.studies.descent.study import Descent, descent_study
from ravine.studies.diagnose.study import Diagnosis, diagnose_study, finished_diagnosis
from ravine.studies.memorize.study import Memory, memorise_study
from ravine.studies.sweep.study import Swept, sweep_study
from ravine.studies.train.study import Training, train_study

__all__ = ["resume"]

ASKED: dict[str, type[CompareSettings | MemoriseSettings | SweepSettings | TrainSettings]] = {
    "compare": CompareSettings,
    "descent": DescentSettings,
    "diagnose": DiagnoseSettings,
    "memorise": MemoriseSettings,
    "sweep": SweepSettings,
    "train": TrainSettings,
}


def resume(
    run: RunDirectory, notify: Notify | None = None, stop: StopAsked | None = None
) -> Comparison | Descent | Diagnosis | Memory | Swept | Training:
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
    verb = str(run.metadata.get("verb"))
    settings = ASKED.get(verb, CompareSettings).from_dict(plain)
    if settings.source == "-":
        raise DataError(
            f"The run '{run.path}' read its data from standard input.",
            "They are gone.",
            "Save the data to a file and begin a new run.",
        )
    if run.metadata.get("state") == "finished":
        # what was found outlives its data: a file that is gone, or arrays from Python
        if settings.source in BUILTIN or file_and_part(settings.source or "?")[0].is_file():
            check_data(run, load(settings))
        return _finished(run, verb)
    if not settings.source:
        raise DataError(
            f"The run '{run.path}' was given its data in Python.",
            "They are not kept with it.",
            f"Call ravine.{verb} again.",
        )
    if isinstance(settings, DiagnoseSettings):
        return diagnose_study(settings, run=run, notify=notify, stop=stop)
    if isinstance(settings, TrainSettings):
        return train_study(settings, run=run, notify=notify, stop=stop)
    if isinstance(settings, DescentSettings):
        return descent_study(settings, run=run, notify=notify, stop=stop)
    if isinstance(settings, MemoriseSettings):
        return memorise_study(settings, run=run, notify=notify, stop=stop)
    if isinstance(settings, SweepSettings):
        return sweep_study(settings, run=run, notify=notify, stop=stop)
    return compare_study(settings, run=run, notify=notify, stop=stop)


def _finished(run: RunDirectory, verb: str) -> Comparison | Descent | Diagnosis | Memory | Swept | Training:
    """What a finished run found, as it was kept."""
    if verb == "diagnose":
        return finished_diagnosis(run)
    document = kept_document(run)
    records = {path.stem: Record.load(path) for path in sorted(run.cohorts.glob("*.npz"))}
    if verb in ("descent", "memorise"):
        return (Descent if verb == "descent" else Memory)(document, records)
    model = Model.load(run.path)
    if verb == "sweep":
        return Swept(document, model, records)
    if verb == "train":
        return Training(document, model, next(iter(records.values())))
    return Comparison(document, model, records)
