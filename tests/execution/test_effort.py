"""Levels, batch sizes and steps: counts that depend on the data alone."""

from __future__ import annotations

import itertools
import math

import pytest

from ravine.execution.effort import (
    COMPARE,
    MAX_OPERATIONS,
    SearchEffort,
    batch_size_for,
    efforts_between,
    evaluations_of,
    usual_effort,
)


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


@pytest.mark.parametrize(
    ("rows", "batch_size", "quick", "standard"),
    [
        (107, 16, 200, 600),  # 10 and 20 passes are 67 and 134 steps
        (1_150, 32, 359, 719),
        (11_454, 64, 1_790, 3_579),
        (19_200, 64, 3_000, 6_000),
        (41_600, 128, 3_250, 6_500),
        (640_000, 128, 10_000, 20_000),  # 5,000 steps in a pass
    ],
)
def test_the_steps_of_a_run_follow_from_the_rows(
    rows: int, batch_size: int, quick: int, standard: int
) -> None:
    assert batch_size_for(rows) == batch_size
    assert COMPARE["quick"].steps(rows, batch_size, None) == quick
    assert COMPARE["standard"].steps(rows, batch_size, None) == standard


def test_the_usual_effort_follows_from_rows_and_network() -> None:
    # 64 inputs, 64-64, 10 classes: 2 * (2 * 64 * 64 + 3 * (64 * 64 + 64 * 10)) operations per row
    digits = 2 * (2 * 64 * 64 + 3 * (64 * 64 + 64 * 10))
    assert usual_effort(1_150, 32, digits, None).name == "standard"
    # 30 trials on 5 seeds and 2 schedules on 20 seeds are 190 runs; 19,200 rows in batches of 64: 6,000 steps
    limit = MAX_OPERATIONS / (190 * 6_000 * 64)
    assert usual_effort(19_200, 64, int(limit), None).name == "standard"
    assert usual_effort(19_200, 64, int(limit) + 1, None).name == "quick"
    assert usual_effort(19_200, 64, int(limit) + 1, 10).name == "standard"  # half of the steps


def test_efforts_for_a_budget_grow_in_small_steps_through_all_levels() -> None:
    def work(effort: SearchEffort) -> float:
        return effort.runs * effort.steps(1_150, 32, None)

    efforts = list(efforts_between(1_150, 32, None))
    works = [work(effort) for effort in efforts]
    assert all(1 < large / small < 1.5 for small, large in itertools.pairwise(works))
    counts = [(e.trials, e.tuning_seeds, e.seeds, e.rates, e.steps(1_150, 32, None)) for e in efforts]
    for level in COMPARE.values():
        steps = math.ceil(level.steps(1_150, 32, None) / 20) * 20  # 20 evaluations at equal distances
        own = (level.trials, level.tuning_seeds, level.seeds, level.rates, steps)
        assert own in counts
    quick = COMPARE["quick"]
    quarter = 100  # steps: 359 / 4 in whole evaluations
    assert counts[0] == (quick.trials, quick.tuning_seeds, quick.seeds, quick.rates, quarter)


def test_efforts_for_a_budget_keep_the_epochs_of_the_user() -> None:
    efforts = list(efforts_between(1_150, 32, 7.0))
    assert {effort.epochs for effort in efforts} == {7.0}
    assert efforts[0].runs == COMPARE["quick"].runs and efforts[-1].runs == COMPARE["thorough"].runs


@pytest.mark.parametrize(
    ("steps", "apart", "count"),
    [(1, 1, 1), (19, 1, 19), (20, 1, 20), (21, 2, 20), (359, 18, 20), (360, 18, 20)],
)
def test_evaluations_are_at_equal_distances(steps: int, apart: int, count: int) -> None:
    assert evaluations_of(steps) == (apart, count)
