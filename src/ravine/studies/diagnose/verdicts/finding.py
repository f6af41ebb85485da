"""A verdict on a run, with its sentence, its evidence, the claim behind it and its remedies."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Evidence", "Finding"]


@dataclass(frozen=True)
class Evidence:
    """One number behind a verdict.

    what: the quantity in words. error: uncertainty of the value, None without one. threshold: the verdict is
    given beyond this value. where: layer, step or part of the run that the value refers to.
    """

    what: str
    value: float
    threshold: float | None = None
    error: float | None = None
    where: str = ""


@dataclass(frozen=True)
class Finding:
    """A verdict on one run.

    fires: whether the fault is present. evidence: numbers, the deciding one first. principle: claim of the
    lecture behind the verdict. severity: 0 = only reported, 3 = worst. remedies: names in
    `remedies.REMEDIES`, best first.
    """

    verdict: str
    fires: bool
    sentence: str
    evidence: tuple[Evidence, ...]
    principle: str | None
    severity: int = 2
    remedies: tuple[str, ...] = field(default=())
    code: str = ""
    fault: str = ""
