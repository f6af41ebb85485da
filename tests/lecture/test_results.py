"""Results of the lecture: what is measured becomes rows that survive JSON; failures keep the claim."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest

from ravine.errors import DataError
from ravine.lecture import Finding, claims
from ravine.lecture.measurement import FailedClaim, Measurement
from ravine.lecture.results import (
    ClaimList,
    LectureResult,
    claim_list,
    lecture_result,
    measured_claim,
    write_claim,
)

CLAIM = claims()["L4"]


def measured(*findings, draw=None):
    evidence = {"x": np.arange(3.0)}
    return Measurement(CLAIM, SimpleNamespace(draw=draw), evidence, list(findings), 0.5)


def test_every_claim_is_listed_and_survives_json():
    found = claim_list()
    assert [row.id for row in found.claims] == list(claims())
    assert any(row.animated for row in found.claims)
    assert ClaimList.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_a_measured_claim_holds_what_its_findings_say():
    good = Finding("a", 1.0, 1.0, unit="nats", note="on average", error=0.1)
    reported = Finding("b", 2.0, None)
    wrong = Finding("c", 3.0, 1.0, 0.5, relative=True, bound="below")
    row = measured_claim(measured(good, reported, wrong))
    assert (row.id, row.title, row.holds, row.failure) == (CLAIM.id, CLAIM.title, False, None)
    assert [finding.holds for finding in row.findings] == [True, None, False]
    assert measured_claim(measured(good, reported)).holds
    check = Finding("d", 1e-9, 0.0, 1e-6, is_check=True)
    unjudged = measured_claim(measured(reported, check))
    assert unjudged.holds is None and measured_claim(measured(good, check)).holds is True
    failed_check = Finding("d", 1.0, 0.0, 1e-6, is_check=True)
    assert measured_claim(measured(good, failed_check)).holds is False
    result = lecture_result([row, measured_claim(measured(good)), unjudged], 2.0)
    assert (result.holds, result.not_judged, result.seconds) == (1, 1, 2.0)
    assert LectureResult.from_dict(json.loads(json.dumps(result.to_dict()))) == result


def test_a_claim_that_raised_keeps_its_facts_and_the_error():
    row = measured_claim(FailedClaim(CLAIM, ValueError("no such thing"), 0.25))
    assert (row.id, row.holds, row.findings, row.seconds) == (CLAIM.id, False, [], 0.25)
    assert row.failure == "ValueError: no such thing"


def test_files_of_a_claim_are_named_after_it(tmp_path):
    def draw(evidence):
        from ravine.lecture.plot_style import canvas

        return canvas("x")[0]

    row = write_claim(measured(Finding("a", math.nan, 1.0), draw=draw), tmp_path, "svg")
    assert {path.name for path in tmp_path.iterdir()} == {"L4.npz", "L4.svg", "L4.json"}
    assert (row.evidence, row.picture) == (str(tmp_path / "L4.npz"), str(tmp_path / "L4.svg"))
    written = json.loads((tmp_path / "L4.json").read_text())
    (again,) = LectureResult.from_dict(written).claims
    assert (again.findings[0].measured, again.findings[0].holds) == (None, False)


def test_a_picture_that_cannot_be_drawn_is_a_failure(tmp_path):
    def draw(evidence):
        raise ZeroDivisionError("in the picture")

    row = write_claim(measured(Finding("a", 1.0, 1.0), draw=draw), tmp_path, "png")
    assert (row.holds, row.evidence, row.picture) == (False, None, None)
    assert row.failure == "ZeroDivisionError: in the picture"
    assert {path.name for path in tmp_path.iterdir()} == {"L4.json"}


@pytest.mark.parametrize("kind", [ClaimList, LectureResult])
def test_a_document_of_something_else_is_refused(kind):
    with pytest.raises(DataError, match="claims"):
        kind.from_dict({"schema_version": 1, "holds": 1, "not_judged": 0, "seconds": 1.0})
