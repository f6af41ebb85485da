"""The choice of a level of effort by the seconds that each is estimated to take."""

from __future__ import annotations

from collections.abc import Mapping

from ravine.execution.budget import budget_seconds
from ravine.execution.training_time import TIME_LIMIT_S

__all__ = ["choose_effort"]


def choose_effort(effort: str | None, budget: str | None, estimates: Mapping[str, float]) -> tuple[str, str]:
    """Return the name of the level and the reason for it.

    The level is `effort` where one is given. Otherwise it is the largest that fits the budget, or two minutes
    without a budget, and the smallest where none fits. estimates: seconds by name, from small to large.
    """
    if effort is not None:
        return effort, "asked for"
    limit = TIME_LIMIT_S if budget is None else budget_seconds(budget)
    within = "under two minutes" if budget is None else f"within {budget}"
    fitting = [name for name, seconds in estimates.items() if seconds <= limit]
    if fitting:
        return fitting[-1], f"the largest {within}"
    return next(iter(estimates)), f"the smallest; no level is {within}"
