"""Run one claim and judge it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.lecture.finding_files import load

__all__ = ["Measured", "measure"]


@dataclass(frozen=True)
class Measured:
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
        """Return the claim's picture. Raises UsageError where matplotlib is missing."""
        from ravine.lecture.drawing import style

        with style():
            return self.module.draw(self.evidence)


def measure(claim: Claim) -> Measured:
    """Run a claim in float64 and read its findings. What the claim raises is raised."""
    from ravine.engines import working_in

    module = load(claim)
    start = time.perf_counter()
    with working_in("float64"):
        evidence = module.run()
        findings = module.read(evidence)
    return Measured(claim, module, evidence, findings, time.perf_counter() - start)
