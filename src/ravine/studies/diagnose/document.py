"""What is told of a diagnosis, as plain values: findings, notes, curves, cost."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from ravine.records.record import Record
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.settings import DiagnoseSettings
from ravine.studies.diagnose.verdicts import PRINCIPLES, Finding

__all__ = ["check_row", "cost_of", "curves_of", "finding_row", "notes_of"]

FEW_STEPS = 100  # below them a network has hardly begun to learn


def finding_row(finding: Finding, tried: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a finding as plain values, with the trials of its remedies, best first."""
    return {
        **check_row(finding),
        "severity": finding.severity,
        "remedies": tried,
        "untried": not tried and finding.severity > 0,
        "withdrawn": bool(tried) and not any(each["confirmed"] for each in tried),
    }


def check_row(finding: Finding) -> dict[str, Any]:
    """Return verdict, evidence and principle, of a finding or of what was looked at and is in order."""
    return {
        "verdict": finding.verdict,
        "sentence": finding.sentence,
        "evidence": [_plain(asdict(each)) for each in finding.evidence],
        "principle": {"claim": finding.principle, "says": PRINCIPLES[finding.principle]},
    }


def notes_of(
    record: Record, settings: DiagnoseSettings, loaded: bool, unfit: list[str], tell: bool
) -> list[str]:
    """Return sentences on what the reader should know. tell: whether remedies could be tried for a fault."""
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


def curves_of(record: Record) -> dict[str, list[Any]]:
    """Return the series that are drawn: [point], None where not finite."""
    names = ("step", "rate", "train_loss", "valid_loss", "score", "sharpness", "sharpness_error", "limit",
             "raised", "gradient_norm")  # fmt: skip
    return {name: [_finite(value) for value in record.series[name][0].tolist()] for name in names}


def cost_of(record: Record) -> dict[str, Any]:
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
