"""What a verdict says: a sentence, its evidence, the principle, the remedies to try."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Evidence", "Finding"]


@dataclass(frozen=True)
class Evidence:
    """One number: `what`, its `value` and `error` (None where it has none), the `threshold`, and `where`."""

    what: str
    value: float
    threshold: float | None = None
    error: float | None = None
    where: str = ""


@dataclass(frozen=True)
class Finding:
    """A verdict on one run. `fires`: whether it is said; `severity`: 0 only told, 3 the worst.

    The first of `evidence` is the number that decided.
    """

    verdict: str
    fires: bool
    sentence: str
    evidence: tuple[Evidence, ...]
    principle: str
    severity: int = 2
    remedies: tuple[str, ...] = field(default=())
