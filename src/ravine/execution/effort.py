"""Efforts: the numbers of trials, seeds and steps. Counts make a plan the same on every machine."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

__all__ = [
    "COMPARE", "DESCENT", "MEMORIZE", "TRAIN", "DescentEffort", "Effort", "MemorizeEffort", "SearchEffort",
    "batch_size_for",
]  # fmt: skip


@dataclass(frozen=True)
class Effort:
    """An effort, such as `quick`. seeds: number of fresh seeds that the result rests on.

    epochs: passes over the training rows; the steps of a run lie between `min_steps` and `max_steps`.
    """

    name: str
    seeds: int
    epochs: float
    min_steps: int
    max_steps: float = math.inf

    def steps(self, rows: int, batch_size: int, epochs: float | None) -> int:
        """Return the number of steps of one run on `rows` training rows.

        epochs: passes over the rows, in place of those of the effort and its bounds; None for the effort's
        own.
        """
        if epochs is not None:
            return max(1, round(epochs * rows / batch_size))
        return int(min(max(round(self.epochs * rows / batch_size), self.min_steps), self.max_steps))


@dataclass(frozen=True)
class SearchEffort(Effort):
    """An effort of a study that tunes.

    trials: number of trials of each optimizer. tuning_seeds: seeds of each trial. rates: number of learning
    rates tried for each configuration of a sweep.
    """

    trials: int = 0
    tuning_seeds: int = 0
    rates: int = 0


@dataclass(frozen=True)
class MemorizeEffort(Effort):
    """An effort of `memorize`.

    shares: shares of random labels. pairs: largest number of pairs of a training row and a held-out row.
    """

    shares: tuple[float, ...] = ()
    pairs: int = 0


@dataclass(frozen=True)
class DescentEffort(Effort):
    """An effort of `descent`. widths: units in a hidden layer, by network. rows: most training rows."""

    widths: tuple[int, ...] = ()
    rows: int = 0


Level = TypeVar("Level", bound=Effort)


def _by_name(*levels: Level) -> dict[str, Level]:
    return {level.name: level for level in levels}


COMPARE = _by_name(
    SearchEffort("quick", 10, 10, 200, 800, trials=12, tuning_seeds=3, rates=6),
    SearchEffort("standard", 20, 20, 600, 4_000, trials=30, tuning_seeds=5, rates=8),
    SearchEffort("thorough", 50, 60, 2_000, 40_000, trials=60, tuning_seeds=10, rates=13),
)
"""Levels of `compare` and `sweep`."""
TRAIN = Effort("standard", 1, 50, 1_000)
"""The only level of `train`, `diagnose` and `landscape`."""
MEMORIZE = _by_name(
    MemorizeEffort("quick", 8, 60, 1_000, shares=(0.0, 0.25, 1.0), pairs=500),
    MemorizeEffort("standard", 10, 120, 2_500, shares=(0.0, 0.1, 0.25, 0.5, 0.75, 1.0), pairs=1_000),
)
"""Levels of `memorize`."""
DESCENT = _by_name(
    DescentEffort("quick", 4, 0, 2_000, 2_000, widths=(1, 2, 4, 6, 8, 12, 16, 32, 128), rows=300),
    DescentEffort(
        "standard", 8, 0, 3_000, 3_000, widths=(1, 2, 3, 4, 6, 8, 12, 16, 24, 48, 128, 256), rows=300
    ),
)
"""Levels of `descent`."""


def batch_size_for(rows: int) -> int:
    """Return the default batch size for a number of training rows, 16 to 128."""
    return next(
        size for limit, size in ((500, 16), (5_000, 32), (20_000, 64), (math.inf, 128)) if rows < limit
    )
