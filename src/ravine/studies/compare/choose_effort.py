"""The choice of a level of effort from estimated times."""

from __future__ import annotations

from collections.abc import Mapping

from ravine.execution.budget import budget_seconds
from ravine.execution.training_time import TIME_LIMIT_S

__all__ = ["choose_effort"]


def choose_effort(effort: str | None, budget: str | None, estimates: Mapping[str, float]) -> tuple[str, str]:
    """Return the name of a level of effort and the reason for it.

    The level is `effort` if it is given, else the largest one that fits the budget (two minutes without one),
    else the smallest. estimates: seconds by name of the level, from small to large.
    """
    if effort is not None:
        return effort, "as given"
    limit = TIME_LIMIT_S if budget is None else budget_seconds(budget)
    within = "under two minutes" if budget is None else f"within {budget}"
    fitting = [name for name, seconds in estimates.items() if seconds <= limit]
    if fitting:
        return fitting[-1], f"the largest {within}"
    return next(iter(estimates)), f"the smallest; no level is {within}"
