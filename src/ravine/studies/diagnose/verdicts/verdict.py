"""A verdict: its code, the fault that it looks for, and the function that judges a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.finding import Finding

__all__ = ["Judge", "Verdict", "verdict"]

Judge = Callable[[Observation], Finding | None]
"""A function that judges a run. It returns None if the verdict does not apply."""


@dataclass(frozen=True)
class Verdict:
    """A verdict on a run.

    code: stable name, such as `RAV101`, whose first digit is the theme: 1 = learning rate and optimization,
    2 = units and gradients, 3 = fit and size, 4 = data. fault: the fault as words for a list. judge: the
    function that judges a run.
    """

    code: str
    fault: str
    judge: Judge

    @property
    def name(self) -> str:
        """The name of the verdict, which is that of its function."""
        return self.judge.__name__

    def __call__(self, run: Observation) -> Finding | None:
        finding = self.judge(run)
        return None if finding is None else replace(finding, code=self.code, fault=self.fault)


def verdict(code: str, fault: str) -> Callable[[Judge], Verdict]:
    """Return the decorator that makes a function a verdict with a code."""
    return lambda judge: Verdict(code, fault, judge)
