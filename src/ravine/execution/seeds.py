"""The ranges of seeds that each study reserves for each purpose, such as tuning or evaluation.

A seed determines split, initial weights, batch order and dropout. The ranges of a study never overlap.
Evaluation therefore uses other seeds than tuning.
"""

from __future__ import annotations

from typing import NamedTuple

from ravine.errors import UsageError

__all__ = [
    "RANGES", "WINNERS", "SeedRange", "first_seed", "most_seeds", "seeds", "training_purpose",
]  # fmt: skip

EVALUATE = "evaluate"  # purpose of the seeds that choose the winner of a study


class SeedRange(NamedTuple):
    """The seeds reserved for one purpose: `first`, `first + 1`, and so on, at most `capacity` seeds."""

    first: int
    capacity: int


RANGES = {
    "baselines.tune": SeedRange(0, 1_000),  # of baselines in any study; no evaluation begins below 1,000
    "compare.tune": SeedRange(0, 1_000),
    "compare.evaluate": SeedRange(1_000, 10_000),
    "sweep.tune": SeedRange(0, 1_000),
    "sweep.evaluate": SeedRange(1_000, 10_000),
    "train.train": SeedRange(2_000, 10_000),
    "train.fresh": SeedRange(20_000, 10_000),  # seeds that no study uses to choose a winner
    "landscape.train": SeedRange(2_000, 1_000),
    "memorize.train": SeedRange(3_000, 10_000),
    "descent.train": SeedRange(4_000, 10_000),
    "diagnose.prove": SeedRange(3_000, 1_000),
    "diagnose.confirm": SeedRange(4_000, 10_000),
}
"""The range of seeds of each purpose, by `study.purpose`, such as `train.train`."""


WINNERS = tuple(name.partition(".")[0] for name in RANGES if name.endswith(f".{EVALUATE}"))
"""The studies that choose a winner."""


def training_purpose(winner_of: str | None, fresh: bool) -> str:
    """Return the name of the seed range that `train` or `diagnose` trains on, such as `train.train`.

    winner_of: study whose winner is trained again on the seeds that chose it, or None. fresh: whether to use
    seeds that no study uses to choose a winner.
    """
    if fresh:
        return "train.fresh"
    return "train.train" if winner_of is None else f"{winner_of}.{EVALUATE}"


def first_seed(purpose: str) -> int:
    """Return the first of the seeds reserved for one use by a study, such as `train.train` (2,000)."""
    return RANGES[purpose].first


def most_seeds(*purposes: str) -> int:
    """Return the largest number of seeds that fits the seed range of every named purpose."""
    return min(RANGES[purpose].capacity for purpose in purposes)


def seeds(purpose: str, count: int) -> list[int]:
    """Return the first `count` seeds in the range of a purpose, such as `train.train`.

    Raises UsageError for more seeds than the range holds.
    """
    allowed = RANGES[purpose]
    if count > allowed.capacity:
        raise UsageError(
            f"--seeds {count} is too many.",
            f"Only {allowed.capacity} seeds are reserved for this purpose; others serve for example tuning.",
            f"Give --seeds {allowed.capacity} or fewer.",
            option="seeds",
            value=count,
            allowed=f"at most {allowed.capacity}",
        )
    return list(range(allowed.first, allowed.first + count))
