"""The plan of a landscape, for `--dry-run`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ravine.render.blocks import Block, Facts
from ravine.render.dry_run import (
    NOTHING,
    around_facts,
    data_fact,
    network_fact,
    steps_text,
    trainings_text,
)
from ravine.render.numbers import count, learning_rate

__all__ = ["plan_view"]


def plan_view(document: Mapping[str, Any]) -> list[Block]:
    """Return the facts of a plan: data, training, slices, planes, barriers."""
    plan = document["plan"]
    facts = [data_fact(document)]
    if document["model"] is not None:
        facts.append(("Model", document["model"]))
    facts += [
        network_fact(plan),
        *_training(plan["training"]),
        ("Loss", f"mean of {count(plan['rows'], 'row')}"),
        ("Slices", ", ".join(plan["slices"])),
        ("Planes", f"{', '.join(plan['planes'])}; {plan['points'][0]} by {plan['points'][1]} points each"),
    ]
    if plan["barriers"]:
        facts.append(("Barriers", f"on {count(plan['barriers'], 'line')} between solutions"))
    return [Facts(facts)]


def _training(training: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    if training is None:
        return [("Training", f"{NOTHING}the model is measured as it is")]
    optimizers = [
        f"{row['optimizer']} at {learning_rate(row['learning_rate'])}, {count(row['runs'], 'start')}"
        for row in training["optimizers"]
    ]
    return [
        ("Optimizers", "; ".join(optimizers)),
        ("Schedule", training["schedule"]),
        *around_facts(training["around"]),
        ("Training", f"{trainings_text(training)}, each {steps_text(training)}"),
    ]
