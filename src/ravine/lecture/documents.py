"""Claims and what was measured, as plain values: for JSON, for the terminal, for a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ravine.lecture.claim import Finding
from ravine.lecture.finding_files import claims, has_animation
from ravine.lecture.measuring import Broken, Measured, attempt_figure

__all__ = ["document", "entry", "keep", "listing"]

SCHEMA_VERSION = 1


def listing() -> dict[str, Any]:
    """Return the claims there are, in the order of the lecture."""
    rows = [{**asdict(each), "animated": has_animation(each)} for each in claims().values()]
    return {"schema_version": SCHEMA_VERSION, "claims": rows}


def document(entries: Sequence[dict[str, Any]], seconds: float) -> dict[str, Any]:
    """Return the one document of claims that were measured, each an `entry`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "holds": sum(each["holds"] for each in entries),
        "claims": list(entries),
        "seconds": seconds,
    }


def entry(result: Measured | Broken) -> dict[str, Any]:
    """Return one claim with its findings; `failure` says why there are none."""
    row = {**asdict(result.claim), "holds": False, "seconds": result.seconds, "findings": [], "failure": None}
    if isinstance(result, Broken):
        row["failure"] = f"{type(result.error).__name__}: {result.error}"
    else:
        row["holds"] = result.holds
        row["findings"] = [_finding(each) for each in result.findings]
    return {**row, "evidence": None, "picture": None}


def keep(result: Measured | Broken, folder: Path, kind: str) -> dict[str, Any]:
    """Write evidence, picture and document of one claim; returns its entry. Raises DataError."""
    from ravine.lecture.drawing import save
    from ravine.records.atomic_files import write_json, write_npz

    name = result.claim.id
    figure: Any = None if isinstance(result, Broken) else attempt_figure(result)
    if isinstance(figure, Broken):
        result = figure
    row = entry(result)
    if isinstance(result, Measured):
        row["evidence"], row["picture"] = str(folder / f"{name}.npz"), str(folder / f"{name}.{kind}")
        write_npz(row["evidence"], result.evidence)
        save(figure, folder / f"{name}.{kind}")
    write_json(folder / f"{name}.json", document([row], result.seconds), sort=False)
    return row


def _finding(finding: Finding) -> dict[str, Any]:
    return {**asdict(finding), "holds": finding.holds}
