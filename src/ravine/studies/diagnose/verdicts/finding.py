"""The finding of a verdict on a measured run: its outcome, with a sentence, evidence and remedies."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Evidence", "Finding"]


@dataclass(frozen=True)
class Evidence:
    """One measured number on which the finding of a verdict rests.

    what: the quantity in words. threshold: value beyond which the verdict reports its fault; None if the
    number is only shown. error: uncertainty of the value; None without one. where: layer, step or part of the
    run that the value refers to.
    """

    what: str
    value: float
    threshold: float | None = None
    error: float | None = None
    where: str = ""


@dataclass(frozen=True)
class Finding:
    """The outcome of one verdict, a check for one fault, on one run.

    verdict, code: name and code of the verdict, such as `rate_high` and `RAV101`. fault: the fault in a few
    words. fires: whether the fault is present. sentence: the outcome in words. evidence: numbers, the
    deciding one first. principle: claim of the lecture behind the verdict. severity: 0 = an observation that
    is no fault, 3 = worst. remedies: names in `remedies.REMEDIES` of changes to try, best first.
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
