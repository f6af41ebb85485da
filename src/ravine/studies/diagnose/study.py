"""The study behind `ravine diagnose`: measure a training, find faults, try remedies, recommend settings."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from ravine.execution.baseline_rows import BaselineRow
from ravine.execution.baselines import run_baselines, with_differences
from ravine.execution.constant_score import constant_scores
from ravine.execution.context import RunContext
from ravine.execution.data_settings import DataSettings
from ravine.execution.events import Noted
from ravine.execution.result import Artifacts
from ravine.execution.run_files import data_facts, split_sizes
from ravine.execution.score_summary import finite_or_none
from ravine.records.documents import check_document
from ravine.records.os_errors import DamagedFile
from ravine.records.record import Record
from ravine.records.run_directory import TIMES, RunDirectory
from ravine.studies.diagnose.design import DiagnoseDesign
from ravine.studies.diagnose.instrumented_run import measure_run
from ravine.studies.diagnose.judgement import Outcomes
from ravine.studies.diagnose.observation import (
    Observation,
    with_baselines,
    with_smallest_difference,
    with_spread,
)
from ravine.studies.diagnose.observation_rules import check_observation
from ravine.studies.diagnose.recommendation import recommend
from ravine.studies.diagnose.result import (
    OBSERVATION,
    DiagnoseResult,
    DiagnosisSeconds,
    MeasuringCost,
    Recommendation,
)
from ravine.studies.diagnose.result_rows import check_row, cost_of, curves_of, finding_row, notes_of
from ravine.studies.diagnose.trial_runner import TrialRunner
from ravine.studies.diagnose.trials import Trials, best_first, try_remedies
from ravine.studies.diagnose.verdicts import find_all

__all__ = ["RECOMMENDED", "run"]

MEASURED = "measured"  # entry of times.json
RECOMMENDED = "recommended.toml"  # settings with the best proved remedy, in the folder of the run


def run(design: DiagnoseDesign, context: RunContext) -> DiagnoseResult:
    """Measure the run of a diagnosis, find its faults, try remedies, and return the result of the diagnosis.

    Remedies (changes of settings) are tried only if the design has seeds for them; on a trained model they
    never are. The best remedy is recommended if fresh seeds confirm it. The measurements are saved before any
    remedy is tried, so that a resumed diagnosis does not repeat them.

    Raises Stopped if a stop was requested; what was finished is saved before.
    """
    if (warning := design.few_seeds) is not None:
        context.notify(Noted(warning))
    record, cost = _observed(design, context)
    runner = TrialRunner(design.prepared, context)
    scores = {design.seed: Observation(record).score}
    original: Outcomes | None = None
    if design.proves:
        cohort = runner.run_original(design.seeds)
        original = Outcomes.of(cohort)
        record = with_spread(record, cohort)
        scores |= dict(zip(design.seeds, map(finite_or_none, cohort.final["score"]), strict=True))
    baselines = _baselines(design, context, scores) if design.settings.baselines else []
    record = with_baselines(record, baselines)
    record = with_smallest_difference(record, design.settings.smallest_difference)
    _keep(record, context)
    verdicts = find_all(record)
    muted = design.settings.mute or []
    fired = [verdict for verdict in verdicts if verdict.fires]
    active = [verdict for verdict in fired if verdict.code not in muted]
    faulty = any(verdict.severity for verdict in active)
    trials: Trials | None = None
    if original is not None:
        trials = try_remedies(runner, active, Observation(record), original, design.seeds)
    findings = [
        finding_row(
            verdict,
            [] if trials is None or verdict.code in muted else best_first(verdict, trials),
            verdict.code in muted,
        )
        for verdict in fired
    ]
    advice = None
    if trials is not None and trials.any_judged:
        advice = recommend(runner, findings, trials, design.seeds, design.fresh_seeds)
    configurations = _configurations(runner, advice)
    plan, batches = design.prepared.plan, design.prepared.batches
    constant = constant_scores(plan, batches, [design.seed]).scores[0]
    from_model = design.model is not None
    return DiagnoseResult(
        study="diagnose",
        data=data_facts(context.dataset),
        run_dir=context.run_dir,
        source=design.settings.source,
        split=split_sizes(context.dataset, batches, plan),
        metric=design.metric,
        plan=design.facts(),
        no_fault_found=not faulty,
        history=not from_model,
        notes=notes_of(record, design.settings, from_model, () if trials is None else trials.notes, faulty),
        findings=findings,
        baselines=baselines,
        checks=[check_row(verdict) for verdict in verdicts if not verdict.fires],
        recommendation=advice,
        score=finite_or_none(Observation(record).series("score")[Observation(record).end]),
        constant_score=finite_or_none(constant),
        curves=curves_of(record),
        cost=cost,
        seconds=DiagnosisSeconds(
            total=time.perf_counter() - context.started, prove=context.runner.train_seconds
        ),
        observation=None if context.run is None else str(context.run.path / "cohorts" / f"{OBSERVATION}.npz"),
        config=str(Path(context.run_dir) / RECOMMENDED) if context.run_dir and configurations else None,
    ).with_artifacts(
        Artifacts(records={**context.records, OBSERVATION: record}, configurations=configurations)
    )


def _baselines(
    design: DiagnoseDesign, context: RunContext, scores: Mapping[int, float | None]
) -> list[BaselineRow]:
    """Return the baselines on the seed of the measured run, then on the seeds of the proof.

    scores: validation score of the network by seed, which the baselines are compared with.
    """
    metric = design.metric.name
    rows = run_baselines(context, design.settings, metric, [design.seed, *design.seeds])
    return with_differences(rows, design.facts().optimizer or "the model", scores, metric)


def _observed(design: DiagnoseDesign, context: RunContext) -> tuple[Record, MeasuringCost | None]:
    """Return the record of the measured run and its seconds, from disk if the record is there.

    The record is saved before remedies are tried, which takes longer. If the trials are stopped and resumed,
    the run is not measured again. The seconds are None if the file of the times was deleted meanwhile.
    """
    if context.run is not None and (saved := _saved_observation(context.run)) is not None:
        spent = context.run.load_times().get(MEASURED)
        path = context.run.path / TIMES
        return saved, None if spent is None else check_document(spent, MeasuringCost, f"'{path}'")
    context.stage("measure", "loss, gradients, units and curvature")
    prepared = design.prepared
    runs, initial = prepared.runs([design.seed]), prepared.spec.initial
    if design.model is None:
        measured = measure_run(prepared.plan, runs, prepared.batches, initial)
    else:
        trained = design.model.trained
        measured = measure_run(prepared.plan, runs, prepared.batches, initial, trained.params, trained.stats)
    cost = cost_of(measured.seconds)
    if context.run is not None:
        context.run.save_times(**{MEASURED: cost})
    _keep(measured.record, context)
    return measured.record, cost


def _saved_observation(run: RunDirectory) -> Record | None:
    """Return the saved record of the measured run; None without one. A damaged record counts as absent."""
    record = run.find_cohort(OBSERVATION)
    if record is None:
        return None
    try:
        check_observation(record, f"The record {OBSERVATION}")
    except DamagedFile as error:
        run.log(f"cohort {OBSERVATION} is no measured run and counts as absent: {error}")
        return None
    return record


def _keep(record: Record, context: RunContext) -> None:
    if context.run is not None:
        context.run.save_cohort(OBSERVATION, record)


def _configurations(runner: TrialRunner, advice: Recommendation | None) -> dict[str, DataSettings]:
    """Return the recommended settings by the name of their file; empty if no change is recommended."""
    if advice is None or advice.unchanged:
        return {}
    return {RECOMMENDED: runner.with_changes(advice.changes)}
