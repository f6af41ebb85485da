"""The choice of the effort of a study: by name, by rows and network, or by a time budget."""

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

MARGIN = 1.2  # of the budget that a refusal proposes over the time that the smallest plan needs


def choose_effort(
    name: str | None,
    budget: str | None,
    usual: SearchEffort,
    efforts: Iterable[SearchEffort],
    estimate: Callable[[SearchEffort], float],
    items: str = "optimizers",
) -> tuple[SearchEffort, str]:
    """Return the effort (the amount of work) of a study, and the reason for its choice.

    It is the effort `name` if that is not None, else the largest that fits the budget, else `usual`. Only a
    budget uses the estimate.

    usual: effort by rows and network. efforts: efforts for a budget, from small to large. estimate: function
    that returns the estimated seconds of an effort. items: plural noun of the compared items. Raises
    UsageError if no effort fits the budget.
    """
    if name is not None:
        return COMPARE[name], "as given"
    if budget is None:
        return usual, "the default"
    limit, fitting, least = budget_seconds(budget), None, math.inf
    for effort in efforts:
        seconds = estimate(effort)
        least = min(least, seconds)
        if seconds > limit:
            break
        fitting = effort
    if fitting is None:
        raise UsageError(
            f"--budget {budget} is too short.",
            f"The smallest plan for these data takes about {time_text(least)} on this machine.",
            f"Type --budget {math.ceil(MARGIN * least)}s, or fewer {items}.",
            option="budget",
            value=budget,
            allowed=f"at least {math.ceil(least)}s",
        )
    return fitting, f"the largest within {budget}"


def with_chosen_effort(
    settings: SearchSettings, budget: str | None, effort: SearchEffort, trials: int
) -> SearchSettings:
    """Return settings that state the chosen effort in place of a budget, for resuming.

    With a budget, the estimate of another moment could choose another effort, so that its numbers become
    settings too.

    settings: of a study that tunes, with the fields effort, budget, epochs, trials, tuning_seeds and seeds.
    budget: budget of the settings. effort: chosen effort, with the counts that the settings fix. trials: its
    number of trials, in the meaning of the study.
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
