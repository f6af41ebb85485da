"""Reports of `ravine lecture` as blocks: the list of claims, one measured claim, and several in a table."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ravine.lecture.results import ClaimList, FindingRow, LectureResult, MeasuredClaim
from ravine.render.blocks import Block, Column, Commands, Facts, Files, Heading, Items, Paragraph, Table
from ravine.render.numbers import MISSING_CELL, number

__all__ = ["claim_view", "claims_view", "list_view"]

DIGITS = 5  # significant digits of a measurement
ANIMATED = "(*)"  # mark of a claim that has an animation
NARROW = 22  # columns of text; if fewer are left next to the numbers, the numbers get their own line
WORDS = {True: "holds", False: "does not hold", None: "measured, not judged"}
MARKS = {True: "", False: "!", None: "."}
LEGEND = {"!": "! not as expected", ".": ". reported, not judged", "c": "c check of the experiment"}


def list_view(listed: ClaimList) -> list[Block]:
    """Return the list of all claims of the lecture by section, and the commands to measure or animate one."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for claim in listed.claims:
        title = f"{claim.title} {ANIMATED}" if claim.animated else claim.title
        sections.setdefault(claim.section, []).append((claim.id, title))
    facts = [Facts(rows, title) for title, rows in sections.items()]
    animated = next((claim.id for claim in listed.claims if claim.animated), None)
    commands = [("Run one:", "ravine lecture L4")]
    if animated is not None:
        commands.append((f"{ANIMATED} has an animation:", f"ravine lecture {animated} --animate"))
    return [*facts, Commands(commands)]


def claim_view(claim: MeasuredClaim, picture: str = "") -> list[Block]:
    """Return the report of one measured claim of the lecture as blocks of text.

    It shows the claim's sentence, its experiment, the measured numbers, the verdict, the caveat, the files,
    and a command to type. picture: path of the picture, or the reason why there is none.
    """
    files = [("Picture", picture), ("Numbers", claim.evidence or "")]
    return [
        Heading(f"{claim.id}  {claim.title}"),
        Paragraph(f"The lecture: {claim.says}"),
        Paragraph(f"Experiment: {claim.run}" if claim.run else ""),
        *([_numbers(claim.findings)] if claim.findings else []),
        Paragraph(_verdict(claim), "strong"),
        Paragraph(f"Caveat: {claim.caveat}"),
        Files([row for row in files if row[1]]),
        Commands([("On your own data:", claim.try_it)]),
    ]


def claims_view(result: LectureResult, folder: str = "") -> list[Block]:
    """Return the report of several measured claims of the lecture as blocks of text.

    A table has one row for each claim, with its verdict, how many of its judged numbers are as expected, and
    its seconds. Errors and the total follow. folder: path of all written files, empty if none were written.
    """
    claims = result.claims
    words = ["failed" if claim.failure else WORDS[claim.holds] for claim in claims]
    table = Table(
        [
            Column("", [claim.id for claim in claims], "left"),
            Column("claim", [claim.title for claim in claims], "left", shrink=8),
            Column("numbers", [_agreement(claim) for claim in claims]),
            Column("s", [f"{claim.seconds:.1f}" for claim in claims]),
            Column("", words, "left"),
        ],
        errors=[row for row, claim in enumerate(claims) if claim.holds is False],
    )
    failures = [f"{claim.id} failed: {claim.failure}" for claim in claims if claim.failure]
    unjudged = f", {result.not_judged} measured, not judged" if result.not_judged else ""
    total = f"{result.holds} of {len(claims)} claims hold{unjudged}; {result.seconds:.0f} s."
    files = [("Results, evidence, pictures", folder)] if folder else []
    return [table, Items(failures, style="plain"), Paragraph(total), Files(files)]


def _judged(claim: MeasuredClaim) -> list[FindingRow]:
    """Return the findings by which the claim is judged, and checks of the experiment that failed."""
    judged = [finding for finding in claim.findings if finding.holds is not None]
    return [finding for finding in judged if not (finding.is_check and finding.holds)]


def _agreement(claim: MeasuredClaim) -> str:
    judged = _judged(claim)
    if not judged:
        return MISSING_CELL
    return f"{sum(bool(finding.holds) for finding in judged)}/{len(judged)}"


def _verdict(claim: MeasuredClaim) -> str:
    judged, duration = _judged(claim), f" ({claim.seconds:.1f} s)"
    wrong = sum(not finding.holds for finding in judged)
    if claim.failure:
        return f"The claim could not be measured: {claim.failure}{duration}"
    if not judged:
        return f"The claim is measured, not judged: no number is expected.{duration}"
    if wrong:
        are = "are" if wrong > 1 else "is"
        return f"The claim does not hold: {wrong} of {len(judged)} numbers {are} not as expected.{duration}"
    numbers = f"all {len(judged)} numbers are" if len(judged) > 1 else "the number is"
    return f"The claim holds: {numbers} as expected.{duration}"


def _numbers(findings: Sequence[FindingRow]) -> Table:
    """Return the table of findings; a mark shows numbers that are not as expected, or not judged."""
    marks = ["c" if finding.is_check and finding.holds else MARKS[finding.holds] for finding in findings]
    return Table(
        [
            Column("", [_quantity(finding) for finding in findings], "left", wrap=NARROW),
            Column("measured", [_measured(finding) for finding in findings]),
            Column("expected", [_expected(finding) for finding in findings], "left"),
            Column("", marks, "left"),
        ],
        note="   ".join(meaning for mark, meaning in LEGEND.items() if mark in marks),
        errors=[row for row, mark in enumerate(marks) if mark == "!"],
    )


def _quantity(finding: FindingRow) -> str:
    extra = "; ".join(filter(None, (finding.unit, finding.note)))
    return finding.what + (f" ({extra})" if extra else "")


def _measured(finding: FindingRow) -> str:
    error = finding.error
    return _number(finding.measured) + (f" ± {error:.2g}" if error else "")


def _expected(finding: FindingRow) -> str:
    expected, tolerance = finding.expected, finding.tolerance
    if expected is None:
        return MISSING_CELL
    sign = {"below": "≤ ", "above": "≥ ", "": ""}[finding.bound]
    if not tolerance or math.isinf(expected):
        return sign + _number(expected)
    allowed = f"{100 * tolerance:.3g} %" if finding.relative else f"{tolerance:.2g}"
    if sign:
        beyond = tolerance * abs(expected) if finding.relative else tolerance
        return sign + _number(expected + (beyond if finding.bound == "below" else -beyond))
    return f"{_number(expected)} ± {allowed}"


def _number(value: float | None) -> str:
    return "no number" if value is None or math.isnan(value) else number(value, DIGITS)
