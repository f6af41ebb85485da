"""A case: data and settings, the verdicts that must be given, and those that may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ravine.data import Dataset

BASE = {"net": "24-24", "epochs": 30.0, "batch_size": 32}
DEEP = "24-24-24-24-24-24"


@dataclass(frozen=True)
class Case:
    """`plants`: verdicts that must be given; `may`: those that follow from the fault, and are not counted."""

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
    """Return a case with some settings unlike `BASE`; plants, may: verdicts with blanks between."""
    return Case(
        fault, data, {**BASE, **settings}, frozenset(plants.split()), frozenset(may.split()), seed, cohort
    )
