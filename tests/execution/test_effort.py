"""Levels, budgets, batch sizes and steps: counts that depend on the data alone."""

from __future__ import annotations

import itertools

import pytest

from ravine.errors import UsageError
from ravine.execution.budget import budget_seconds
from ravine.execution.effort import COMPARE, batch_size_for


@pytest.mark.parametrize(
    ("text", "seconds"), [("60s", 60), ("2m", 120), ("1h", 3600), ("45", 45), ("1.5 m", 90)]
)
def test_a_budget_is_read(text: str, seconds: float) -> None:
    assert budget_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "0s", "-3s", "soon", "5 days"])
def test_what_is_no_budget_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="budget"):
        budget_seconds(text)


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
