"""A verdict with its sentence, evidence, principle and remedies."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Evidence", "Finding"]


@dataclass(frozen=True)
class Evidence:
    """One number behind a verdict.

    what: the quantity. error: uncertainty of the value, None if it has none. threshold: the value at which
    the verdict fires. where: layer, step or part of the run.
    """

    what: str
    value: float
    threshold: float | None = None
    error: float | None = None
    where: str = ""


@dataclass(frozen=True)
class Finding:
    """A verdict on one run.

    fires: whether the fault is present. evidence: the number that decided comes first. principle: claim of
    the lecture. severity: 0 = only reported, 3 = worst. remedies: names in `remedies.REMEDIES`, best first.
    """

    verdict: str
    fires: bool
    sentence: str
    evidence: tuple[Evidence, ...]
    principle: str
    severity: int = 2
    remedies: tuple[str, ...] = field(default=())
