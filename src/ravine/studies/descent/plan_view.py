"""The plan of a test for double descent, for `--dry-run`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ravine.render.blocks import Block, Facts
from ravine.render.dry_run import (
    around_facts,
    data_fact,
    optimizer_text,
    steps_text,
    trainings_text,
)
from ravine.render.numbers import count

__all__ = ["plan_view"]


def plan_view(document: Mapping[str, Any]) -> list[Block]:
    """Return the facts of a plan: data, widths, numbers of examples, training."""
    plan, rows = document["plan"], document["rows"]
    examples = ", ".join(f"{size:,}" for size in plan["examples"])
    facts = [
        data_fact(document),
        ("Rows", f"{rows['train']:,} to train, {rows['validation']:,} to validate, {rows['test']:,} to test"),
        ("Metric", document["metric"]["name"]),
        ("Effort", plan["effort"]),
        ("Network", plan["network"]),
        ("Optimizer", optimizer_text(plan)),
        *around_facts(plan["around"]),
        ("Labels", f"{plan['noise']:.0%} of them drawn anew" if plan["noise"] else "as they are"),
        ("Widths", f"{', '.join(map(str, plan['widths']))} units: {', '.join(plan['arms'])}"),
        ("Examples", f"{examples} rows, at the first width that fits all rows"),
        (
            "Training",
            f"{trainings_text(plan)}: {count(len(plan['seeds']), 'seed')}, each {steps_text(plan)}",
        ),
        ("Measured", "loss and error on training, validation and test rows"),
    ]
    return [Facts(facts)]
