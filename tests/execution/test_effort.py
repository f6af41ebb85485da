"""Levels, batch sizes and steps: counts that depend on the data alone."""

from __future__ import annotations

import itertools

from ravine.execution.effort import COMPARE, batch_size_for


def test_larger_levels_do_more_of_everything() -> None:
    levels = list(COMPARE.values())
    for small, large in itertools.pairwise(levels):
        assert small.trials < large.trials and small.tuning_seeds < large.tuning_seeds
        assert small.seeds < large.seeds and small.max_steps < large.max_steps
    assert min(level.seeds for level in levels) >= 10  # what the protocol asks for at least


def test_steps_are_epochs_within_bounds_unless_epochs_are_asked_for() -> None:
    level = COMPARE["standard"]
    assert level.steps(1150, 32, None) == round(20 * 1150 / 32)
    assert level.steps(50, 16, None) == level.min_steps
    assert level.steps(10**6, 128, None) == level.max_steps
    assert level.steps(10**6, 100, 3) == 30_000
    sizes = [batch_size_for(n) for n in (10, 499, 500, 5_000, 20_000, 10**7)]
    assert sizes == sorted(sizes) and sizes[0] == 16 and sizes[-1] == 128
