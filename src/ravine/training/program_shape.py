"""The sizes of a compiled program: runs in a group, runs in memory, and segments between two saves.

A group holds the runs that one CPU core or one GPU advances at the same time. Each place in it is a member. A
segment is the training between two evaluations. A chunk is the sequence of segments between two saves of the
state. A table holds rows of data for members.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ravine.engines import Devices
from ravine.training.batches import Batches
from ravine.training.plan import Plan

__all__ = ["ProgramShape", "shape_for", "shape_of_repeated_seeds"]

SHARED_SIZES = (2, 4, 8)
"""Sizes of groups that share rows. For these, a run gives the same bits in every place of its group."""
SHARED_GAIN, MANY_FEATURES = 0.3, 784  # share of the time of a step that shared rows of many features save
CHUNKS = 4  # at least, for plans of as many evaluations, so that diverged runs are dropped early


@dataclass(frozen=True)
class ProgramShape:
    """The sizes of a compiled program that trains many runs: runs in a group, runs in memory, and others.

    size: number of runs in a group, which one CPU core or one GPU advances at the same time.
    tables: number of tables of data rows that a group reads; equal to `size` if each run has its own table.
    valid: number of validation rows of a seed on which curves are measured.
    width: number of runs, over all groups, whose states are in memory at the same time.
    segments: number of segments (trainings between two evaluations) between two saves of the state.
    final: number of validation rows on which final values are measured anew, 0 = they are those of curves.
    rows: number of rows in the table from which the program takes the batches, 0 = batches are prepared.
    gaps: whether values are missing in this table.
    """

    size: int
    tables: int
    valid: int
    width: int
    segments: int
    final: int = 0
    rows: int = 0
    gaps: bool = False

    @property
    def compiled(self) -> tuple[int, ...]:
        """The sizes that the compiled program depends on."""
        return self.size, self.tables, self.valid, self.rows, self.gaps


def shape_for(
    plan: Plan, batches: Batches, runs: int, seeds: int, devices: Devices, size: int | None = None
) -> ProgramShape:
    """Return the sizes of a compiled program for up to `runs` runs of `seeds` different seeds.

    size: number of runs in a group; None = as many as fit the cache of a CPU or the memory of a GPU. A run
    gives the same bits in all groups of equal size.

    A run needs memory for four numbers per parameter: weight, gradient and two of the optimizer's state. Runs
    that do not fit into memory at the same time train in several waves, one after the other.

    A chunk is the training between two saves. All chunks have the same number of segments, the largest number
    that leads to at least 4 chunks, or 1. On a CPU every run of a group has batches of its own, or an order
    of its own of the rows in one table. On a GPU the runs of one seed share the rows, which takes less
    memory.
    """
    state = _state_bytes(plan)
    size = size or devices.group_size(state, runs)
    per_step = size * devices.count
    width = min(-(-runs // per_step), max(1, devices.state_bytes // state // per_step)) * per_step
    divisors = [d for d in range(1, plan.evaluations + 1) if plan.evaluations % d == 0]
    longest = max(1, plan.evaluations // CHUNKS)
    segments = max(d for d in divisors if d == 1 or d <= longest)
    tables = size if devices.shared else min(seeds, size)
    final = 0 if batches.sampled_rows(plan) is None else batches.sizes[1]
    table = (len(batches.dataset), batches.has_gaps) if batches.indexed else (0, False)
    return ProgramShape(size, tables, batches.curve_rows(plan), width, segments, final, *table)


def shape_of_repeated_seeds(
    shape: ProgramShape, plan: Plan, batches: Batches, runs: int, seeds: int, devices: Devices
) -> ProgramShape:
    """Return the sizes of a program for cohorts in which each of the seeds has about `runs` runs.

    On a CPU, a group then has runs of one seed alone. They share the rows of each step, if the program takes
    these from a table. So a row is read once for all of them, and their products in the first layer become
    one. The sizes stay as they are in other cases, and where groups of one seed would leave cores idle or
    places empty. shape: sizes without this.
    """
    if not (batches.indexed and devices.shared and runs > 1):
        return shape

    def places(size: int) -> int:
        """Return the places that the busiest core trains with groups of one seed."""
        return -(-seeds * -(-runs // size) // devices.count) * size

    most = max(2, devices.group_size(_state_bytes(plan), runs * devices.count))
    least = 4 if most >= 4 else 2  # in smaller groups the starts of kernels cost more than is saved
    sizes = [size for size in SHARED_SIZES if least <= size <= most]
    size = min(sizes, key=lambda size: (places(size), -size))
    groups = -(-seeds * runs // shape.size)
    mixed = -(-groups // devices.count) * shape.size
    saved = SHARED_GAIN * min(1.0, plan.network.sizes[0] / MANY_FEATURES)
    if (1 - saved) * places(size) > mixed:
        return shape
    per_step = size * devices.count
    return replace(shape, size=size, tables=1, width=max(per_step, shape.width // per_step * per_step))


def _state_bytes(plan: Plan) -> int:
    """Return the bytes of the state of a run: weights, gradient and two arrays of the optimizer."""
    return 4 * np.dtype(plan.precision).itemsize * plan.network.parameters
