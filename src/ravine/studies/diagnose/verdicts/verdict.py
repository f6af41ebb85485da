"""The type of a verdict: a check of a measured run for one fault, with a code such as `RAV101`."""

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
    """A check of a measured run for one fault.

    Called with a run, the verdict returns a finding, or None if the check does not apply to the run.

    code: identifier that never changes, such as `RAV101`. Its first digit is the theme: 1 = learning rate and
    optimization, 2 = units and gradients, 3 = fit and size, 4 = data. fault: the fault in a few words, for a
    list. judge: the function that examines a run.
    """

    code: str
    fault: str
    judge: Judge

    @property
    def name(self) -> str:
        """Name of the verdict, such as `rate_high`: that of the function that examines a run."""
        return self.judge.__name__

    def __call__(self, run: Observation) -> Finding | None:
        finding = self.judge(run)
        return None if finding is None else replace(finding, code=self.code, fault=self.fault)


def verdict(code: str, fault: str) -> Callable[[Judge], Verdict]:
    """Return a decorator that turns a function which examines a run into a verdict.

    code: stable code of the verdict, such as `RAV101`. fault: the fault that it looks for, in a few words.
    """
    return lambda judge: Verdict(code, fault, judge)
