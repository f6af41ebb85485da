"""The choice of the effort of a comparison (quick, standard, ...) from estimated times."""

from __future__ import annotations

from collections.abc import Mapping

from ravine.execution.budget import budget_seconds
from ravine.execution.training_time import TIME_LIMIT_S

__all__ = ["choose_effort"]


def choose_effort(effort: str | None, budget: str | None, estimates: Mapping[str, float]) -> tuple[str, str]:
    """Return the name of the effort (the amount of work) and the reason for its choice.

    The choice is `effort` if it is not None, else the largest effort that fits the time budget, else the
    smallest. Without a budget, two minutes are allowed. estimates: seconds by name of the effort, from small
    to large.
    """
    if effort is not None:
        return effort, "as given"
    limit = TIME_LIMIT_S if budget is None else budget_seconds(budget)
    within = "under two minutes" if budget is None else f"within {budget}"
    fitting = [name for name, seconds in estimates.items() if seconds <= limit]
    if fitting:
        return fitting[-1], f"the largest {within}"
    return next(iter(estimates)), f"the smallest; no level is {within}"
