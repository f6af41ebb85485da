"""Which level of effort, and how long it will take."""

from __future__ import annotations

from ravine.data import Dataset
from ravine.engines import Devices
from ravine.execution.effort import EFFORTS, PATIENCE, budget_seconds, step_seconds
from ravine.studies.compare.design import Design, design
from ravine.studies.compare.settings import CompareSettings

__all__ = ["choose_effort", "estimated_seconds"]

COMPILING = 2.0  # seconds of one core for one program
STARTING = 3.0  # seconds until the first program can be compiled


def choose_effort(settings: CompareSettings, dataset: Dataset, devices: Devices) -> tuple[str, float, str]:
    """Return the level, its estimated seconds, and why it was chosen.

    The one asked for; else the largest that fits the budget, or two minutes without one; else the smallest.
    """
    if settings.effort is not None:
        return (
            settings.effort,
            estimated_seconds(design(settings, dataset, devices, settings.effort)),
            "asked for",
        )
    limit = PATIENCE if settings.budget is None else budget_seconds(settings.budget)
    said = "under two minutes" if settings.budget is None else f"within {settings.budget}"
    estimates = {name: estimated_seconds(design(settings, dataset, devices, name)) for name in EFFORTS}
    fitting = [name for name, seconds in estimates.items() if seconds <= limit]
    if fitting:
        return fitting[-1], estimates[fitting[-1]], f"the largest {said}"
    smallest = next(iter(EFFORTS))
    return smallest, estimates[smallest], f"the smallest; none is {said}"


def estimated_seconds(plan: Design) -> float:
    """Return the estimated seconds of a comparison on these devices, from a short measurement."""
    one = next(iter(plan.plans.values()))
    training = plan.runs * plan.steps * step_seconds(one.network, one.batch_size, plan.devices.count)
    return STARTING + COMPILING * len(plan.rules) / min(2, plan.devices.count) + training
