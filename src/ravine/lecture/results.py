"""Results of the command `ravine lecture`: the list of claims, measured claims, and animations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from ravine.execution.json_document import JsonDocument
from ravine.lecture.claim import Claim, Finding
from ravine.lecture.measurement import FailedClaim, Measurement, attempt_figure
from ravine.lecture.registry import claims, has_animation

__all__ = [
    "Animation", "AnimationList", "ClaimList", "FindingRow", "LectureResult", "ListedClaim", "MeasuredClaim",
    "claim_list", "lecture_result", "measured_claim", "write_claim",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ListedClaim(Claim):
    """A claim in the list of all claims of the lecture, and whether it has an animation."""

    animated: bool
    """Whether the claim has an animation."""


@dataclass(frozen=True, kw_only=True)
class ClaimList(JsonDocument):
    """The list of all claims of the lecture, as `ravine lecture` shows it."""

    claims: list[ListedClaim]
    """Claims, in the order of the lecture."""


@dataclass(frozen=True, kw_only=True)
class FindingRow:
    """A measured number with its expected value, as the JSON of a measured claim of the lecture holds it."""

    what: str
    """The quantity."""
    measured: float | None
    """The measurement; null if it is not finite."""
    expected: float | None
    """The value of theory; null if the number is reported without a judgement."""
    tolerance: float
    """Largest allowed difference; a share of the expected value if `relative`."""
    error: float | None
    """Half width of the 95 % interval of the measurement; null if the measurement comes from no sample."""
    relative: bool
    """Whether the tolerance is a share of the expected value."""
    unit: str
    """Unit of the quantity; empty if it has none."""
    note: str
    """Condition of the measurement; empty if there is none."""
    bound: Literal["", "below", "above"]
    """below: the expected value is an upper bound. above: a lower bound. Empty: both sides are judged."""
    is_check: bool
    """Whether the number only checks the experiment: its failure fails the claim, but it confirms none."""
    holds: bool | None
    """Whether the measurement is as expected; null if nothing is expected."""


@dataclass(frozen=True, kw_only=True)
class MeasuredClaim(Claim):
    """A claim of the lecture with its measured numbers, or with the error that stopped its measurement."""

    holds: bool | None
    """Whether no finding contradicts the claim; null if the claim is measured, not judged."""
    seconds: float
    """Wall-clock seconds, compilation included."""
    findings: list[FindingRow]
    """Measured numbers; empty if the claim failed."""
    failure: str | None
    """The error that the claim raised; null if it raised none."""
    evidence: str | None = None
    """Path of the measured arrays; null without `-o`."""
    picture: str | None = None
    """Path of the picture; null without `-o`."""


@dataclass(frozen=True, kw_only=True)
class LectureResult(JsonDocument):
    """The result of `ravine lecture` for several claims: each measured claim, and how many of them hold."""

    holds: int
    """Number of claims that hold."""
    not_judged: int
    """Number of claims that are measured, not judged."""
    claims: list[MeasuredClaim]
    """Claims, in the order in which they were measured."""
    seconds: float
    """Wall-clock seconds of all claims."""


@dataclass(frozen=True, kw_only=True)
class Animation:
    """The file with the animation of one claim of the lecture."""

    id: str
    """Id of the claim."""
    animation: str
    """Path of the file with the animation."""


@dataclass(frozen=True, kw_only=True)
class AnimationList(JsonDocument):
    """The animations of claims that `ravine lecture --animate` wrote."""

    claims: list[Animation]
    """One entry for each claim."""


def claim_list() -> ClaimList:
    """Return the list of all claims of the lecture, in the order of the lecture."""
    rows = [ListedClaim(**vars(claim), animated=has_animation(claim)) for claim in claims().values()]
    return ClaimList(claims=rows)


def lecture_result(measured: Sequence[MeasuredClaim], seconds: float) -> LectureResult:
    """Return the result of `ravine lecture` for measured claims, with the number of claims that hold.

    seconds: wall-clock time of all claims [s].
    """
    return LectureResult(
        holds=sum(row.holds is True for row in measured),
        not_judged=sum(row.holds is None for row in measured),
        claims=list(measured),
        seconds=seconds,
    )


def measured_claim(result: Measurement | FailedClaim) -> MeasuredClaim:
    """Return a measured claim in the form for JSON: its findings, or the exception that it raised, as text.

    A claim that raised an exception does not hold and has no findings.
    """
    claim = vars(result.claim)
    if isinstance(result, FailedClaim):
        failure = f"{type(result.error).__name__}: {result.error}"
        return MeasuredClaim(**claim, holds=False, seconds=result.seconds, findings=[], failure=failure)
    findings = [_row(finding) for finding in result.findings]
    return MeasuredClaim(**claim, holds=result.holds, seconds=result.seconds, findings=findings, failure=None)


def write_claim(result: Measurement | FailedClaim, folder: Path, kind: str) -> MeasuredClaim:
    """Write measured arrays, picture and JSON of one claim into `folder`; return the claim with their paths.

    If the claim failed or its picture cannot be drawn, only the JSON file is written, with the error. kind:
    suffix of the picture, such as png. Raises DataError if a file cannot be written.
    """
    from ravine.lecture.plot_style import save
    from ravine.records.atomic_files import write_json, write_npz

    name = result.claim.id
    figure: Any = result if isinstance(result, FailedClaim) else attempt_figure(result)
    if isinstance(figure, FailedClaim):
        result = figure
    row = measured_claim(result)
    if isinstance(result, Measurement):
        evidence, picture = folder / f"{name}.npz", folder / f"{name}.{kind}"
        row = replace(row, evidence=str(evidence), picture=str(picture))
        write_npz(evidence, result.evidence)
        save(figure, picture)
    write_json(folder / f"{name}.json", lecture_result([row], result.seconds).to_dict(), sort=False)
    return row


def _row(finding: Finding) -> FindingRow:
    return FindingRow(**vars(finding), holds=finding.holds)
