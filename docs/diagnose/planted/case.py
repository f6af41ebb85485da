"""A case: data, settings, and the verdicts that must or may be reported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ravine.data import Dataset

BASE = {"net": "24-24", "epochs": 30.0, "batch_size": 32}
DEEP = "24-24-24-24-24-24"


@dataclass(frozen=True)
class Case:
    """`plants`: verdicts that must be reported; `may`: consequences of the fault, which are not counted."""

    fault: str
    data: Callable[[int], Dataset]
    settings: dict[str, Any]
    plants: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    seed: int = 0
    cohort: bool = False


def case(
    fault: str, data: Any, seed: int, plants: str, may: str, cohort: bool = False, **settings: Any
) -> Case:
    """Return a case, with `settings` in place of those of `BASE`; plants, may: verdicts and blanks."""
    return Case(
        fault, data, {**BASE, **settings}, frozenset(plants.split()), frozenset(may.split()), seed, cohort
    )
