"""Measurement of one claim: run the experiment, read the findings, draw the picture, write the animation."""

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
    """A claim with its evidence, its findings and the seconds they took, compilation included."""

    claim: Claim
    module: Any
    evidence: Evidence
    findings: list[Finding]
    seconds: float

    @property
    def holds(self) -> bool | None:
        """Whether there are findings and no judged finding fails; None if only the experiment is judged."""
        if not self.findings or any(finding.holds is False for finding in self.findings):
            return False
        return True if any(finding.holds and not finding.is_check for finding in self.findings) else None

    def figure(self) -> Any:
        """Return the picture of the claim, in the style of the lecture."""
        from ravine.lecture.plot_style import style

        with style():
            return self.module.draw(self.evidence)


@dataclass(frozen=True)
class FailedClaim:
    """A claim that could not be measured or drawn, and the error."""

    claim: Claim
    error: Exception
    seconds: float

    @property
    def traceback(self) -> str:
        """The traceback as Python prints it."""
        return "".join(traceback.format_exception(self.error)).rstrip()


def measure(claim: Claim) -> Measurement:
    """Return the measurement of a claim, in float64. Errors of the claim are raised."""
    from ravine.engines import precision_context

    start = time.perf_counter()
    module = load(claim)
    with precision_context("float64"):
        evidence = module.run()
        findings = module.read(evidence)
    return Measurement(claim, module, evidence, findings, time.perf_counter() - start)


def attempt(claim: Claim) -> Measurement | FailedClaim:
    """Return the measurement of a claim, or the error that it raised, so that other claims can follow."""
    start = time.perf_counter()
    try:
        return measure(claim)
    except Exception as error:
        return FailedClaim(claim, error, time.perf_counter() - start)


def attempt_figure(result: Measurement) -> Any:
    """Return the picture of a measured claim, or the error that it raised as FailedClaim."""
    try:
        return result.figure()
    except Exception as error:
        return FailedClaim(result.claim, error, result.seconds)


def animate(claim: Claim, path: Path) -> None:
    """Write the animation of a claim to `path`; its suffix is the format. Raises DataError, UsageError."""
    from ravine.engines import precision_context

    with precision_context("float64"):
        load(claim).animate(path)
