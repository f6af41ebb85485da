"""Run one claim and judge it, draw it, or set it in motion."""

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
    """What one claim gave: its evidence, its findings, and how long that took, compilation included."""

    claim: Claim
    module: Any
    evidence: Evidence
    findings: list[Finding]
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether every finding that is judged holds, and something is judged or reported at all."""
        return bool(self.findings) and all(each.holds is not False for each in self.findings)

    def figure(self) -> Any:
        """Return the claim's picture."""
        from ravine.lecture.plot_style import style

        with style():
            return self.module.draw(self.evidence)


@dataclass(frozen=True)
class FailedClaim:
    """A claim that could not be measured or drawn, and why."""

    claim: Claim
    error: Exception
    seconds: float

    @property
    def traceback(self) -> str:
        """As Python shows it."""
        return "".join(traceback.format_exception(self.error)).rstrip()


def measure(claim: Claim) -> Measurement:
    """Run a claim in float64 and read its findings. What the claim raises is raised."""
    from ravine.engines import precision_context

    start = time.perf_counter()
    module = load(claim)
    with precision_context("float64"):
        evidence = module.run()
        findings = module.read(evidence)
    return Measurement(claim, module, evidence, findings, time.perf_counter() - start)


def attempt(claim: Claim) -> Measurement | FailedClaim:
    """Measure a claim; what it raises is kept, so that other claims go on."""
    start = time.perf_counter()
    try:
        return measure(claim)
    except Exception as error:
        return FailedClaim(claim, error, time.perf_counter() - start)


def attempt_figure(result: Measurement) -> Any:
    """Return the picture of a claim, or FailedClaim."""
    try:
        return result.figure()
    except Exception as error:
        return FailedClaim(result.claim, error, result.seconds)


def animate(claim: Claim, path: Path) -> None:
    """Write the animation of a claim that has one, in the format its name ends in."""
    from ravine.engines import precision_context

    with precision_context("float64"):
        load(claim).animate(path)
