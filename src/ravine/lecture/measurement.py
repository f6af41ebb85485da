"""The measurement of one claim of the lecture: its experiment, findings, picture and animation."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.registry import load

__all__ = ["FailedClaim", "Measurement", "animate", "attempt", "attempt_figure", "measure"]


@dataclass(frozen=True)
class Measurement:
    """A claim of the lecture after its experiment: measured arrays, and the numbers that test the claim.

    module: the Python module of the claim. evidence: measured arrays by name. findings: measured numbers with
    their expected values. seconds: wall-clock time of import, experiment and findings, compilation included.
    """

    claim: Claim
    module: Any
    evidence: Evidence
    findings: list[Finding]
    seconds: float

    @property
    def holds(self) -> bool | None:
        """Whether the claim of the lecture holds.

        False without findings, or if a finding misses its expected value. True if a finding that is no mere
        check of the experiment meets its expected value. Else None: the claim is measured, not judged.
        """
        if not self.findings or any(finding.holds is False for finding in self.findings):
            return False
        return True if any(finding.holds and not finding.is_check for finding in self.findings) else None

    def figure(self) -> Any:
        """Return the picture of a measured claim as a matplotlib figure, in the plot style of the lecture."""
        from ravine.lecture.plot_style import style

        with style():
            return self.module.draw(self.evidence)


@dataclass(frozen=True)
class FailedClaim:
    """A claim of the lecture whose experiment or picture raised an exception, with this exception.

    seconds: wall-clock time of the experiment, up to the exception if the experiment raised it.
    """

    claim: Claim
    error: Exception
    seconds: float

    @property
    def traceback(self) -> str:
        """The traceback of the exception, as the text that Python prints."""
        return "".join(traceback.format_exception(self.error)).rstrip()


def measure(claim: Claim) -> Measurement:
    """Run the experiment of a claim of the lecture in float64; return the measured arrays and the findings.

    Exceptions that the code of the claim raises are not caught.
    """
    from ravine.engines import precision_context

    start = time.perf_counter()
    module = load(claim)
    with precision_context("float64"):
        evidence = module.run()
        findings = module.read(evidence)
    return Measurement(claim, module, evidence, findings, time.perf_counter() - start)


def attempt(claim: Claim) -> Measurement | FailedClaim:
    """Return the measurement of a claim of the lecture, or a FailedClaim if its code raises an exception.

    After a failure, other claims can therefore still be measured.
    """
    start = time.perf_counter()
    try:
        return measure(claim)
    except Exception as error:
        return FailedClaim(claim, error, time.perf_counter() - start)


def attempt_figure(result: Measurement) -> Any:
    """Return the picture of a measured claim, or a FailedClaim if drawing raises an exception."""
    try:
        return result.figure()
    except Exception as error:
        return FailedClaim(result.claim, error, result.seconds)


def animate(claim: Claim, path: Path) -> None:
    """Write the animation of a claim of the lecture to a file, whose suffix (.html or .gif) is the format.

    Raises UsageError for another suffix, DataError if the file cannot be written.
    """
    from ravine.engines import precision_context

    with precision_context("float64"):
        load(claim).animate(path)
