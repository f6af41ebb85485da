"""Efforts: named amounts of work, such as `quick`, which fix the numbers of trials, seeds and steps.

They state counts, not times, so that a command trains the same runs on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

__all__ = [
    "COMPARE", "DESCENT", "EVALUATIONS", "MAX_OPERATIONS", "MEMORIZE", "TRAIN", "DescentEffort", "Effort",
    "MemorizeEffort", "SearchEffort", "batch_size_for", "efforts_between",
    "evaluations_of", "usual_effort",
]  # fmt: skip

EVALUATIONS = 20  # of one run, at equal distances; the steps are rounded up to a multiple of it


@dataclass(frozen=True)
class Effort:
    """A named amount of work, such as `quick`.

    seeds: number of fresh seeds that the result rests on. epochs: passes over the training rows, as long as
    the steps of a run lie between `min_steps` and `max_steps`.
    """

    name: str
    seeds: int
    epochs: float
    min_steps: int
    max_steps: float = math.inf

    def steps(self, rows: int, batch_size: int, epochs: float | None) -> int:
        """Return the number of optimizer steps of one run on `rows` training rows.

        epochs: passes over the rows that the user asked for, without limits on the steps. None: the epochs
        of the effort, within its smallest and largest number of steps.
        """
        if epochs is not None:
            return max(1, round(epochs * rows / batch_size))
        return int(min(max(round(self.epochs * rows / batch_size), self.min_steps), self.max_steps))


@dataclass(frozen=True)
class SearchEffort(Effort):
    """The amount of work of `compare` or `sweep`, which tune learning rates before they compare.

    trials: number of trials of each optimizer in `compare`. rates: number of learning rates tried for each
    configuration in `sweep`. tuning_seeds: number of seeds on which each trial or learning rate is trained.
    """

    trials: int = 0
    tuning_seeds: int = 0
    rates: int = 0

    @property
    def runs(self) -> int:
        """Number of runs of one optimizer in `compare`: each trial on each tuning seed, then the evaluation.

        The evaluation runs the optimizer under each of two schedules on each fresh seed.
        """
        return self.trials * self.tuning_seeds + SCHEDULES * self.seeds

    def with_counts(
        self,
        trials: int | None = None,
        tuning_seeds: int | None = None,
        seeds: int | None = None,
        rates: int | None = None,
    ) -> SearchEffort:
        """Return the effort with other numbers of trials, seeds or learning rates; None keeps a number."""
        return replace(
            self,
            trials=self.trials if trials is None else trials,
            tuning_seeds=self.tuning_seeds if tuning_seeds is None else tuning_seeds,
            seeds=self.seeds if seeds is None else seeds,
            rates=self.rates if rates is None else rates,
        )


@dataclass(frozen=True)
class MemorizeEffort(Effort):
    """The amount of work of `memorize`, which trains on data with random labels.

    shares: shares of random labels to train on. pairs: largest number of pairs of rows; each network trains
    on one row of every pair, and the other row is held out.
    """

    shares: tuple[float, ...] = ()
    pairs: int = 0


@dataclass(frozen=True)
class DescentEffort(Effort):
    """The amount of work of `descent`, which trains networks of many widths to look for double descent.

    widths: units in a hidden layer of each network. rows: largest number of training rows.
    """

    widths: tuple[int, ...] = ()
    rows: int = 0


Level = TypeVar("Level", bound=Effort)

SCHEDULES = 2
"""Number of schedules under which an optimizer is tuned and evaluated, unless the settings name others."""


def _by_name(*levels: Level) -> dict[str, Level]:
    return {level.name: level for level in levels}


COMPARE = _by_name(
    SearchEffort("quick", 10, 10, 200, 10_000, trials=12, tuning_seeds=3, rates=6),
    SearchEffort("standard", 20, 20, 600, 20_000, trials=30, tuning_seeds=5, rates=8),
    SearchEffort("thorough", 50, 60, 2_000, 60_000, trials=60, tuning_seeds=10, rates=13),
)
"""Efforts of `compare` and `sweep`, by name."""
TRAIN = Effort("standard", 1, 50, 1_000)
"""The only effort of `train`, `diagnose` and `landscape`."""
MEMORIZE = _by_name(
    MemorizeEffort("quick", 8, 60, 1_000, shares=(0.0, 0.25, 1.0), pairs=500),
    MemorizeEffort("standard", 10, 120, 2_500, shares=(0.0, 0.1, 0.25, 0.5, 0.75, 1.0), pairs=1_000),
)
"""Efforts of `memorize`, by name."""
DESCENT = _by_name(
    DescentEffort("quick", 4, 0, 2_000, 2_000, widths=(1, 2, 4, 6, 8, 12, 16, 32, 128), rows=300),
    DescentEffort(
        "standard", 8, 0, 3_000, 3_000, widths=(1, 2, 3, 4, 6, 8, 12, 16, 24, 48, 128, 256), rows=300
    ),
)
"""Efforts of `descent`, by name."""


MAX_OPERATIONS = 1e13
"""Floating-point operations of one optimizer up to which the effort is standard if the user names none."""


def usual_effort(rows: int, batch_size: int, row_operations: int, epochs: float | None) -> SearchEffort:
    """Return the effort of `compare` and `sweep` without --effort and --budget: standard or quick.

    The effort is standard if the matrix products of all runs of one optimizer then need at most 1e13
    floating-point operations (`MAX_OPERATIONS`). The choice is therefore the same on every machine.

    rows: training rows. row_operations: `Network.flops`, the operations of one training step per row of the
    batch. epochs: passes over the rows that the user asked for, or None.
    """
    standard = COMPARE["standard"]
    operations = standard.runs * standard.steps(rows, batch_size, epochs) * batch_size * row_operations
    return standard if operations <= MAX_OPERATIONS else COMPARE["quick"]


def evaluations_of(steps: int) -> tuple[int, int]:
    """Return the training steps between two evaluations of a run, and the number of its evaluations.

    Their product is the number of steps that the run takes: `steps`, rounded up.
    """
    return max(1, -(-steps // EVALUATIONS)), min(EVALUATIONS, steps)


STEPS_BETWEEN = 16  # efforts from one level to the next, each of some 10 to 20 % more work
LEAST_SHARE = 4  # the smallest effort has the steps of quick, divided by this number


def efforts_between(rows: int, batch_size: int, epochs: float | None) -> Iterator[SearchEffort]:
    """Yield efforts of growing work, from which `--budget` chooses, up to `thorough`.

    The smallest one has a quarter of the steps of `quick`. The name of an effort is that of the largest named
    effort with no more work, or `quick`. The field `epochs` of each effort fixes its number of steps.

    rows: training rows. epochs: passes over the rows that the user asked for; all efforts then have these
    epochs, and the smallest one is `quick`. None: the epochs grow with the effort.
    """

    def with_steps(level: SearchEffort, steps: float) -> SearchEffort:
        own = math.prod(evaluations_of(max(1, round(steps)))) * batch_size / rows
        return replace(level, epochs=own if epochs is None else epochs, min_steps=1, max_steps=math.inf)

    def steps(level: SearchEffort) -> int:
        return level.steps(rows, batch_size, epochs)

    levels = list(COMPARE.values())
    if epochs is None:
        for k in range(LEAST_SHARE, 0, -1):
            yield with_steps(levels[0], steps(levels[0]) * 2 ** -(k / 2))
    for small, large in pairwise(levels):
        for k in range(STEPS_BETWEEN):
            share = k / STEPS_BETWEEN
            between = replace(
                small,
                seeds=_between(small.seeds, large.seeds, share),
                trials=SCHEDULES * _between(small.trials / SCHEDULES, large.trials / SCHEDULES, share),
                tuning_seeds=_between(small.tuning_seeds, large.tuning_seeds, share),
                rates=_between(small.rates, large.rates, share),
            )
            yield with_steps(between, _between(steps(small), steps(large), share))
    yield with_steps(levels[-1], steps(levels[-1]))


def _between(small: float, large: float, share: float) -> int:
    """Return the whole number near small^(1 - share) large^share."""
    return round(math.exp((1 - share) * math.log(small) + share * math.log(large)))


def batch_size_for(rows: int) -> int:
    """Return the default batch size for a number of training rows: 16 below 500 rows, 128 from 20,000 on."""
    return next(
        size for limit, size in ((500, 16), (5_000, 32), (20_000, 64), (math.inf, 128)) if rows < limit
    )
