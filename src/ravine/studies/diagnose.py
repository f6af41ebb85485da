"""Diagnose: measure -> verdict -> remedy -> proof, ending in one configuration tried on fresh seeds."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ravine.data import Dataset
from ravine.engines import find_devices
from ravine.errors import UsageError
from ravine.networks import METRICS
from ravine.records.files import write_atomic, write_json
from ravine.records.record import Record, Status
from ravine.records.rundir import RunDirectory
from ravine.records.tomlfile import dump
from ravine.reporting.diagnosis import diagnosis_text
from ravine.studies.diagnosing.designing import diagnosis_design
from ravine.studies.diagnosing.observation import Observation
from ravine.studies.diagnosing.observe import BENDS, observe
from ravine.studies.diagnosing.proof import LEVEL, Bench, Made, changed_to, compared
from ravine.studies.diagnosing.remedies import REMEDIES, changed
from ravine.studies.diagnosing.verdicts import PRINCIPLES, Finding, judge
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

FEW_STEPS = 100  # below them a network has hardly begun to learn
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
        record = _with_spread(record, cohorts["original"][1])
    if run is not None:
        run.save_cohort(OBSERVATION, record)
    findings = [each for each in judge(record) if each.fires]
    checks = [each for each in judge(record) if not each.fires]
    context = {
        "train": made.streams.sizes[0],
        "batch_size": made.streams.batch_size,
        "rate": design.rate,
    }
    trials, unfit = _proved(bench, original, findings, context, seeds) if design.proves else ({}, [])
    told = [_finding(each, trials) for each in findings]
    advice = (
        _recommendation(bench, original, told, trials, seeds, design.fresh, notify)
        if design.proves and trials
        else None
    )
    loaded = design.model is not None
    document = {
        **design.head(),
        "healthy": not any(each.severity for each in findings),
        "history": not loaded,
        "notes": _notes(record, settings, loaded, unfit, any(each.severity for each in findings)),
        "findings": told,
        "checks": [_checked(each) for each in checks],
        "recommendation": advice,
        "curves": _curves(record),
        "cost": _cost(record),
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
        "spectra": sum(each < points for each in BENDS),
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


def _with_spread(record: Record, cohort: Record) -> Record:
    """Return the observation with the progress of the seeds, which tells a lottery."""
    constant = Observation(record).constant_loss
    last = np.array([row[np.isfinite(row)][-1] if np.isfinite(row).any() else np.nan
                     for row in cohort.series["train_loss"].astype(np.float64)])  # fmt: skip
    share = np.where(cohort.status == Status.FINISHED, 1 - last / max(constant, 1e-300), 0.0)
    spread = np.clip(np.where(np.isfinite(share), share, 0.0), 0.0, 1.0)
    return replace(record, final={**record.final, "spread": spread[None]})


# --------------------------------------------------------------------------------------------------- proof


def _proved(
    bench: Bench, original: TrainSettings, findings: list[Finding], context: dict[str, Any], seeds: list[int]
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Try every remedy of every finding; return {remedy: trial}, and sentences on those that do not fit."""
    wanted: dict[str, dict[str, Any]] = {}
    unfit = []
    for name in dict.fromkeys(name for each in findings for name in each.remedies):
        changes = changed(original, name, context)
        if changes is None:
            continue
        try:
            bench.make(changed_to(original, changes))
        except UsageError as error:
            unfit.append(f"{REMEDIES[name].says} was not tried: {error.what}")
            continue
        wanted[name] = changes
    if not wanted:
        return {}, unfit
    if len(wanted) * 2.0 ** (1 - len(seeds)) > LEVEL:  # the smallest p value there is, by Holm
        unfit.append(
            f"{len(seeds)} seeds cannot confirm any of {len(wanted)} remedies, however good: give --seeds 20."
        )
    variants = {"original": original} | {name: changed_to(original, each) for name, each in wanted.items()}
    records = bench.run("prove", variants, seeds)
    losses = {name: _losses(record) for name, (_, record) in records.items()}
    scores = {name: record.final["score"].astype(np.float64) for name, (_, record) in records.items()}
    made = records["original"][0]
    greater = METRICS[made.plan.metric].greater_is_better
    by_loss = compared(losses.pop("original"), losses, False, original.seed)
    by_score = compared(scores.pop("original"), scores, greater, original.seed)
    trials = {
        name: {
            "remedy": name,
            "says": REMEDIES[name].says,
            "changes": changes,
            "loss": by_loss[name],
            "score": by_score[name],
            "confirmed": by_loss[name]["confirmed"],
        }
        for name, changes in wanted.items()
    }
    return trials, unfit


def _losses(record: Record) -> np.ndarray:
    return np.asarray(record.final["valid_loss"], np.float64)


def _finding(finding: Finding, trials: Mapping[str, Any]) -> dict[str, Any]:
    """Return a finding as plain values, its remedies best first, each confirmed or withdrawn."""
    tried = [trials[name] for name in finding.remedies if name in trials]
    tried = sorted(tried, key=lambda each: (not each["confirmed"], _or_inf(each["loss"]["after"])))
    return {
        **_checked(finding),
        "severity": finding.severity,
        "remedies": tried,
        "untried": not tried and finding.severity > 0,
        "withdrawn": bool(tried) and not any(each["confirmed"] for each in tried),
    }


def _checked(finding: Finding) -> dict[str, Any]:
    return {
        "verdict": finding.verdict,
        "sentence": finding.sentence,
        "evidence": [_plain(asdict(each)) for each in finding.evidence],
        "principle": {"claim": finding.principle, "says": PRINCIPLES[finding.principle]},
    }


def _recommendation(
    bench: Bench,
    original: TrainSettings,
    told: list[dict[str, Any]],
    trials: dict[str, dict[str, Any]],
    seeds: list[int],
    fresh: list[int],
    notify: Notify,
) -> dict[str, Any]:
    """Combine what was confirmed, choose on the seeds of the proof, and try the choice on fresh ones."""
    confirmed = {name: each for name, each in trials.items() if each["confirmed"]}
    nothing: dict[str, Any] = {"changes": {}, "remedies": [], "validation": None, "test": None, "kept": True}
    if not confirmed:
        return nothing
    best = [each["remedies"][0] for each in told if each["remedies"] and each["remedies"][0]["confirmed"]]
    candidates: dict[str, dict[str, Any]] = {name: dict(each["changes"]) for name, each in confirmed.items()}
    joined: dict[str, Any] = {}
    names: list[str] = []
    for each in best:
        if each["remedy"] not in names and not set(each["changes"]) & set(joined):
            joined |= each["changes"]
            names.append(each["remedy"])
            if len(names) > 1:
                candidates[" + ".join(names)] = dict(joined)
    combined = {name: changed_to(original, each) for name, each in candidates.items() if name not in trials}
    results = {name: _or_inf(each["loss"]["after"]) for name, each in confirmed.items()}
    if combined:
        for name, (_, record) in bench.run("prove", combined, seeds).items():
            losses = _losses(record)
            results[name] = float(np.mean(losses)) if np.isfinite(losses).all() else np.inf
    chosen = min(results, key=lambda name: results[name])
    changes = candidates[chosen]
    pair = {"original": original, "recommended": changed_to(original, changes)}
    records = bench.run("confirm", pair, fresh, keep=True)
    notify(Event("test", "the test split, read once"))
    made = records["original"][0]
    greater = METRICS[made.plan.metric].greater_is_better
    ended = {name: _losses(record) for name, (_, record) in records.items()}
    tests = {name: bench.tested(*each) for name, each in records.items()}
    valid = compared(ended["original"], {"recommended": ended["recommended"]}, False)["recommended"]
    test = compared(tests["original"], {"recommended": tests["recommended"]}, greater)["recommended"]
    if not (valid["confirmed"] or test["confirmed"]):
        return {**nothing, "tried": chosen, "validation": valid, "test": test}
    return {
        "changes": changes, "remedies": chosen.split(" + "), "validation": valid, "test": test, "kept": False,
    }  # fmt: skip


def _or_inf(value: float | None) -> float:
    return float("inf") if value is None else value


# ------------------------------------------------------------------------------------------ what is told


def _notes(
    record: Record, settings: DiagnoseSettings, loaded: bool, unfit: list[str], tell: bool
) -> list[str]:
    """`tell`: whether there is something wrong that remedies could be tried for."""
    notes = list(unfit)
    seen = Observation(record)
    if loaded:
        notes.append(
            "A trained model has no history: rates, stability, plateaus and noise are not judged, nothing is "
            "tried. Diagnose the data to have them."
        )
    elif settings.seeds < 2 and tell:
        notes.append("No remedy was tried: leave --no-proof out, or give --seeds 20, to prove them.")
    elif seen.about("steps") < FEW_STEPS:
        notes.append(
            f"{seen.about('steps')} steps are few to judge a network by: train longer, with --epochs."
        )
    if not np.isfinite(seen.series("limit")).any():
        notes.append(
            f"No stability limit is known for '{seen.about('rule')}': its rate is judged by the loss."
        )
    if seen.has("lowest") and seen.final("lowest")[0] == 0 and seen.final("lowest")[2] == 0:
        notes.append("The Hessian is zero where training ended: nothing is known of curvature there.")
    if not np.isfinite(seen.series("train_loss")[0]):
        notes.append("The loss is not finite before the first step: look at the data and the first weights.")
    notes.append(
        "Curvature and gradients are those of the loss without penalties and dropout, "
        f"on {seen.about('curved')} and {seen.about('piece') * seen.about('pieces')} training rows."
    )
    return notes


def _curves(record: Record) -> dict[str, list[Any]]:
    names = ("step", "rate", "train_loss", "valid_loss", "score", "sharpness", "sharpness_error", "limit",
             "raised", "gradient_norm")  # fmt: skip
    return {name: [_finite(value) for value in record.series[name][0].tolist()] for name in names}


def _cost(record: Record) -> dict[str, Any]:
    """Return what each measurement cost beside training, in seconds; overhead: all over training alone."""
    seconds = dict(record.meta["seconds"])
    training = seconds.get("train", 0.0)
    spent = {name: value for name, value in seconds.items() if name not in ("train", "compile")}
    return {
        "train": training,
        "compile": seconds.get("compile", 0.0),
        "measurements": spent,
        "overhead": (training + sum(spent.values())) / training if training > 0 else None,
    }


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _finite(value) for name, value in values.items()}


def _finite(value: Any) -> Any:
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value


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
