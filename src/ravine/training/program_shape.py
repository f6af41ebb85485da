"""The shape of a program: how many runs train in a group and are in memory, and how long a chunk is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ravine.engines import Devices
from ravine.training.batches import Batches
from ravine.training.plan import Plan

__all__ = ["ProgramShape", "shape_for"]

CHUNKS = 4  # at least, for plans of as many evaluations, so that diverged runs are dropped early


@dataclass(frozen=True)
class ProgramShape:
    """The sizes of a program, and how a cohort is divided among groups.

    size: members of a group, each of which holds one run.
    tables: tables of rows that a group reads; equal to `size` if each member has a table of its own.
    valid: validation rows of a seed.
    width: runs whose states are held in memory at the same time.
    segments: segments of a chunk.
    """

    size: int
    tables: int
    valid: int
    width: int
    segments: int

    @property
    def compiled(self) -> tuple[int, int, int]:
        """The sizes that the compiled program depends on: (size, tables, valid)."""
        return self.size, self.tables, self.valid


def shape_for(plan: Plan, batches: Batches, runs: int, seeds: int, devices: Devices) -> ProgramShape:
    """Return the shape of a program for up to `runs` runs of `seeds` seeds, within the devices' memory.

    The estimate of the memory counts weights, gradient and two arrays of optimizer state per parameter. A
    chunk is the largest divisor of the number of evaluations that leaves at least `CHUNKS` chunks. On a CPU
    every member has a table of its own, which is faster to read; on a GPU members of one seed share a table,
    which is smaller.
    """
    state = 4 * np.dtype(plan.precision).itemsize * plan.network.parameters  # weights, gradient, two slots
    size = devices.group_size(state, runs)
    per_step = size * devices.count
    width = min(-(-runs // per_step), max(1, devices.state_bytes // state // per_step)) * per_step
    divisors = [d for d in range(1, plan.evaluations + 1) if plan.evaluations % d == 0]
    longest = max(1, plan.evaluations // CHUNKS)
    segments = max(d for d in divisors if d == 1 or d <= longest)
    tables = size if devices.shared else min(seeds, size)
    return ProgramShape(size, tables, batches.sizes[1], width, segments)
