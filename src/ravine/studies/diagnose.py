"""Diagnose: measure -> verdict -> remedy -> proof, ending in one configuration tried on fresh seeds."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ravine.data import Dataset
from ravine.engines import find_devices
from ravine.records.files import write_atomic, write_json
from ravine.records.record import Record
from ravine.records.rundir import RunDirectory
from ravine.records.tomlfile import dump
from ravine.reporting.diagnosis import diagnosis_text
from ravine.studies.diagnosing.designing import diagnosis_design
from ravine.studies.diagnosing.observation import with_spread
from ravine.studies.diagnosing.observe import SPECTRUM_POINTS, observe
from ravine.studies.diagnosing.proof import Made, changed_to
from ravine.studies.diagnosing.telling import check_row, cost_of, curves_of, finding_row, notes_of
from ravine.studies.diagnosing.trials import best_first, recommendation, tried_all
from ravine.studies.diagnosing.verdicts import judge
from ravine.studies.events import Event, Notify, StopAsked
from ravine.studies.loading import data_line, load
from ravine.studies.model import Model
from ravine.studies.recipe import around_of
from ravine.studies.recording import absolute, keep_plan, kept_document
from ravine.studies.runner import Runner
from ravine.studies.settings import DiagnoseSettings, TrainSettings

__all__ = [
    "OBSERVATION", "RECOMMENDED", "Diagnosis", "diagnose_plan", "diagnose_study", "finished_diagnosis",
]  # fmt: skip

OBSERVATION = "observation"
RECOMMENDED = "recommended.toml"


@dataclass(frozen=True)
class Diagnosis:
    """What was found. `document`: all of it as plain values, as `ravine diagnose --json` prints it."""

    document: dict[str, Any]
    record: Record = field(repr=False)

    @property
    def healthy(self) -> bool:
        """Whether nothing needs a remedy."""
        return bool(self.document["healthy"])

    @property
    def findings(self) -> list[str]:
        """Verdicts that were given, worst first."""
        return [each["verdict"] for each in self.document["findings"]]

    @property
    def recommended(self) -> dict[str, Any]:
        """Settings to change; empty where nothing is better."""
        return dict((self.document["recommendation"] or {}).get("changes") or {})

    @property
    def run_dir(self) -> Path | None:
        """Where the run is kept, if it is."""
        where = self.document["run_dir"]
        return None if where is None else Path(where)

    def __repr__(self) -> str:
        return diagnosis_text(self.document, 100)


def diagnose_study(
    settings: DiagnoseSettings,
    *,
    dataset: Dataset | None = None,
    run: RunDirectory | None = None,
    notify: Notify | None = None,
    stop: StopAsked | None = None,
) -> Diagnosis:
    """Diagnose the network that `train` would train, or the model that the settings name.

    Raises DataError, UsageError, Stopped (after saving, if there is a run directory).
    """
    clock = time.perf_counter()
    notify, stop = notify or (lambda _: None), stop or (lambda: None)
    dataset = dataset if dataset is not None else load(settings)
    for note in (data_line(dataset), *dataset.notes):
        notify(Event("data", note))
    runner = Runner(run, notify, stop)
    design = diagnosis_design(settings, dataset, find_devices(settings.device), runner)
    bench, original, made, seeds = design.bench, design.original, design.made, design.seeds
    keep_plan(run, "diagnose", settings, dataset, {**made.plan.describe(), "seeds": settings.seeds})
    notify(Event("plan", design.line))

    record = _observed(run, made, design.seed, design.model)
    if run is not None:  # proving takes longer: stopped there, a resumed command measures nothing again
        run.save_cohort(OBSERVATION, record)
    cohorts: dict[str, tuple[Made, Record]] = {}
    if design.proves:
        cohorts = bench.run("prove", {"original": original}, seeds)
        record = with_spread(record, cohorts["original"][1])
    if run is not None:
        run.save_cohort(OBSERVATION, record)
    findings = [each for each in judge(record) if each.fires]
    checks = [each for each in judge(record) if not each.fires]
    context = {
        "train": made.streams.sizes[0],
        "batch_size": made.streams.batch_size,
        "rate": design.rate,
    }
    trials, unfit = tried_all(bench, original, findings, context, seeds) if design.proves else ({}, [])
    told = [finding_row(each, best_first(each, trials)) for each in findings]
    advice = (
        recommendation(bench, original, told, trials, seeds, design.fresh, notify)
        if design.proves and trials
        else None
    )
    loaded = design.model is not None
    document = {
        **design.head(),
        "healthy": not any(each.severity for each in findings),
        "history": not loaded,
        "notes": notes_of(record, settings, loaded, unfit, any(each.severity for each in findings)),
        "findings": told,
        "checks": [check_row(each) for each in checks],
        "recommendation": advice,
        "curves": curves_of(record),
        "cost": cost_of(record),
        "seconds": {"total": time.perf_counter() - clock, "prove": runner.train_seconds},
        "run_dir": None if run is None else str(run.path),
        "observation": None if run is None else str(run.cohorts / f"{OBSERVATION}.npz"),
        "config": None,
    }
    if run is not None:
        _keep(run, document, original, advice)
    return Diagnosis(document, record)


def diagnose_plan(
    settings: DiagnoseSettings, *, run: str | None = None, dataset: Dataset | None = None
) -> dict[str, Any]:
    """Return what a diagnosis would measure and train: what `--dry-run` prints.

    How many runs there are depends on what is found: `each_remedy` for each that a finding names.
    run: the folder whose configuration the settings are, if they are.
    """
    dataset = dataset if dataset is not None else load(settings)
    runner = Runner(None, lambda _: None, lambda: None)
    design = diagnosis_design(settings, dataset, find_devices(settings.device), runner)
    document, trains = design.head(), design.model is None
    points = design.made.plan.evaluations + 1 if trains else 1
    seeds = document["plan"]["seeds"]
    document["plan"] |= {
        "around": around_of(design.original) if trains else {},
        "points": points,
        "spectra": sum(each < points for each in SPECTRUM_POINTS),
        "runs": {"measured": int(trains), "original": seeds, "each_remedy": seeds, "confirm": 2 * seeds},
    }
    return {**document, "run": run, "model": settings.model}


def finished_diagnosis(run: RunDirectory) -> Diagnosis:
    """Return what a finished diagnosis found, as it was kept."""
    return Diagnosis(kept_document(run), run.load_cohort(OBSERVATION))


def _observed(run: RunDirectory | None, made: Made, seed: int, model: Model | None) -> Record:
    if run is not None and run.has_cohort(OBSERVATION):
        return run.load_cohort(OBSERVATION)
    runs = made.runs([seed])
    if model is None:
        return observe(made.plan, runs, made.streams, made.recipe.initial).record
    params, stats = model.trained.params, model.trained.stats
    return observe(made.plan, runs, made.streams, made.recipe.initial, params, stats).record


def _keep(
    run: RunDirectory, document: dict[str, Any], original: TrainSettings, advice: dict[str, Any] | None
) -> None:
    """Write the recommended configuration and the document; mark the run finished."""
    if advice is not None and not advice["kept"]:
        where = run.path / RECOMMENDED
        write_atomic(where, dump(absolute(changed_to(original, advice["changes"])).to_dict()))
        document["config"] = str(where)
    write_json(run.leaderboard_json, document, sort=False)
    names = [each["verdict"] for each in document["findings"] if each["severity"]]
    summary = {
        "winner": ", ".join(names) or "healthy", "tied": [], "metric": document["metric"]["name"],
        "score": (document["curves"]["score"] or [None])[-1],
    }  # fmt: skip
    run.update(state="finished", summary=summary)
