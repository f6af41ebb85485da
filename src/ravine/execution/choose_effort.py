"""The choice of the effort (numbers of trials, seeds and steps) of a study, by name or by a time budget."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from ravine.errors import UsageError
from ravine.execution.base_settings import NetworkSettings
from ravine.execution.budget import budget_seconds
from ravine.execution.effort import COMPARE, SearchEffort
from ravine.render.numbers import seconds as time_text

__all__ = ["choose_effort", "with_chosen_effort"]

SearchSettings = TypeVar("SearchSettings", bound=NetworkSettings)

RESERVE = (
    0.1  # share of a budget that is kept back for the error of the estimate, except by the smallest effort
)
MARGIN = 1.2  # of the budget that a refusal proposes over the time that the smallest plan needs


def choose_effort(
    name: str | None,
    budget: str | None,
    usual: SearchEffort,
    efforts: Iterable[SearchEffort],
    estimate: Callable[[SearchEffort], float],
    items: str = "optimizers",
) -> tuple[SearchEffort, str]:
    """Return the effort (the amount of work) of a study, and the reason for its choice in words.

    name: name of the effort, which decides if it is not None. budget: time budget, which decides otherwise if
    it is not None: the largest effort is chosen whose estimated time is at most 90 % of the budget. usual:
    effort without name and budget.

    efforts: efforts to choose from for a budget, from small to large. estimate: function that returns the
    estimated seconds of an effort; only a budget needs it. items: plural noun of the compared items, for the
    message. Raises UsageError if no effort fits the budget.
    """
    if name is not None:
        return COMPARE[name], "as given"
    if budget is None:
        return usual, "the default"
    limit, fitting, least = budget_seconds(budget), None, math.inf
    for effort in efforts:
        seconds = estimate(effort)
        least = min(least, seconds)
        if seconds > (limit if fitting is None else (1 - RESERVE) * limit):
            break
        fitting = effort
    if fitting is None:
        raise UsageError(
            f"--budget {budget} is too short.",
            f"Even the smallest plan takes about {time_text(least)} for these data on this machine.",
            f"Type --budget {math.ceil(MARGIN * least)}s, or fewer {items}.",
            option="budget",
            value=budget,
            allowed=f"at least {math.ceil(least)}s",
        )
    return fitting, f"the largest within {budget}"


def with_chosen_effort(
    settings: SearchSettings, budget: str | None, effort: SearchEffort, trials: int
) -> SearchSettings:
    """Return settings that state the chosen effort in place of a budget, so that resuming needs no choice.

    A budget is compared with measured times, which could choose another effort on resuming. With a budget,
    the numbers of the chosen effort therefore become settings too.

    settings: settings of a study that tunes, with the fields effort, budget, epochs, trials, tuning_seeds and
    seeds. budget: the budget that the user gave, or None. effort: the chosen effort. trials: number of trials
    to state, as the study counts trials.
    """
    changes: dict[str, Any] = {"effort": effort.name, "budget": None}
    if budget is not None:
        changes |= {
            "epochs": effort.epochs,
            "trials": trials,
            "tuning_seeds": effort.tuning_seeds,
            "seeds": effort.seeds,
        }
    return replace(settings, **changes)
