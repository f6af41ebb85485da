"""Functions that turn findings and measurements of a run into parts of the result of a diagnosis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

import numpy as np

from ravine.execution.score_summary import finite_or_none
from ravine.records.record import Record
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.result import (
    CheckRow,
    EvidenceRow,
    FindingRow,
    MeasuringCost,
    ObservedCurves,
    Principle,
    RemedyTrial,
)
from ravine.studies.diagnose.settings import DiagnoseSettings
from ravine.studies.diagnose.verdicts import PRINCIPLES, Finding

__all__ = ["check_row", "cost_of", "curves_of", "finding_row", "notes_of"]

MIN_STEPS = 100  # fewer are too few to judge a network


class _Verdict(TypedDict):
    """The fields that all verdicts have in the result, whether they apply or not."""

    code: str
    verdict: str
    fault: str
    sentence: str
    evidence: list[EvidenceRow]
    principle: Principle | None


def finding_row(finding: Finding, trials: list[RemedyTrial], muted: bool) -> FindingRow:
    """Convert a reported finding and the trials of its remedies to the form of the result, and return it.

    trials: trials of these remedies, the best first. muted: whether the user muted the code of the finding.
    """
    judged = [trial for trial in trials if trial.outcome != "not_judged"]
    return FindingRow(
        **_verdict(finding),
        severity=finding.severity,
        muted=muted,
        remedies=trials,
        untried=not trials and finding.severity > 0,
        withdrawn=bool(judged) and not any(trial.confirmed for trial in judged),
    )


def check_row(finding: Finding) -> CheckRow:
    """Convert the finding of a verdict that found no fault to the form of the result, and return it."""
    return CheckRow(**_verdict(finding))


def _verdict(finding: Finding) -> _Verdict:
    return {
        "code": finding.code,
        "verdict": finding.verdict,
        "fault": finding.fault,
        "sentence": finding.sentence,
        "evidence": [
            EvidenceRow(
                what=item.what,
                value=_known(item.value),
                threshold=_known(item.threshold),
                error=_known(item.error),
                where=item.where,
            )
            for item in finding.evidence
        ],
        "principle": None
        if finding.principle is None
        else Principle(claim=finding.principle, says=PRINCIPLES[finding.principle]),
    }


def notes_of(
    record: Record, settings: DiagnoseSettings, from_model: bool, unfit: Sequence[str], faulty: bool
) -> list[str]:
    """Return sentences on the limits of a diagnosis: which checks and remedies were left out, and why.

    from_model: whether a trained model was examined. unfit: sentences on remedies that did not fit the data;
    they come first. faulty: whether a fault was found.
    """
    notes = list(unfit)
    run = Observation(record)
    if from_model:
        notes.append(
            "A trained model has no history: learning rate, stability, plateaus and noise are not judged, "
            "and no remedy is tried. To judge them, diagnose the data: ravine diagnose DATA."
        )
    elif settings.seeds < 2 and faulty:
        notes.append("No remedy was tried. To try them, leave out --no-proof or give --seeds 20.")
    elif run.metadata.steps < MIN_STEPS:
        notes.append(f"{run.metadata.steps} steps are too few to judge a network: give more --epochs.")
    if not np.isfinite(run.series("limit")).any():
        notes.append(
            f"No stability limit is known for '{run.metadata.rule}': the loss alone judges its learning rate."
        )
    if run.has("lowest") and run.final("lowest")[0] == 0 and run.final("lowest")[2] == 0:
        notes.append("The Hessian is zero at the end of training, so curvature is not judged.")
    if not np.isfinite(run.series("train_loss")[0]):
        notes.append("The loss is not finite before the first step: check data and initial weights.")
    notes.append(
        "Curvature and gradients are those of the loss without penalties and dropout, "
        f"on {run.metadata.curved} and {run.metadata.piece * run.metadata.pieces} training rows."
    )
    return notes


def curves_of(record: Record) -> ObservedCurves:
    """Return the measurements during the run as lists: learning rate, losses, score, sharpness and others."""

    def curve(name: str) -> list[float | None]:
        return [finite_or_none(value) for value in record.series[name][0].tolist()]

    return ObservedCurves(
        step=curve("step"),
        learning_rate=curve("rate"),
        train_loss=curve("train_loss"),
        valid_loss=curve("valid_loss"),
        score=curve("score"),
        sharpness=curve("sharpness"),
        sharpness_error=curve("sharpness_error"),
        limit=curve("limit"),
        raised=curve("raised"),
        gradient_norm=curve("gradient_norm"),
    )


def cost_of(seconds: Mapping[str, float]) -> MeasuringCost:
    """Return the seconds that the measured run took for training, compiling and each kind of measurement.

    seconds: seconds by name, such as `train`.
    """
    training = seconds.get("train", 0.0)
    spent = {name: value for name, value in seconds.items() if name not in ("train", "compile")}
    return MeasuringCost(
        train=training,
        compile=seconds.get("compile", 0.0),
        measurements=spent,
        overhead=(training + sum(spent.values())) / training if training > 0 else None,
    )


def _known(value: float | None) -> float | None:
    return None if value is None else finite_or_none(value)
