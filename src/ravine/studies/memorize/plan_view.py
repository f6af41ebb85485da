"""The plan of a memorization test, for `--dry-run`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ravine.render.blocks import Block, Facts
from ravine.render.dry_run import (
    around_facts,
    data_fact,
    network_fact,
    optimizer_text,
    steps_text,
    trainings_text,
)
from ravine.render.numbers import count

__all__ = ["plan_view"]


def plan_view(document: Mapping[str, Any]) -> list[Block]:
    """Return the facts of a plan: data, labels drawn anew, limits, training."""
    plan, rows, arms = document["plan"], document["rows"], document["plan"]["arms"]
    limited = [arm for arm in arms if arm["limit"] is not None]
    shares = [f"{arm['share']:.0%}" for arm in arms if arm["limit"] is None]
    facts = [
        data_fact(document),
        ("Rows", f"{rows['train']:,} to train, {rows['held_out']:,} held out, {rows['test']:,} to test"),
        ("Effort", plan["effort"]),
        network_fact(plan),
        ("Optimizer", optimizer_text(plan)),
        *around_facts(plan["around"]),
        ("Labels", f"{', '.join(shares)} of them drawn anew"),
    ]
    if limited:
        limits = ", ".join(dict.fromkeys(arm["limit"] for arm in limited))
        drawn = " and ".join(dict.fromkeys(f"{arm['share']:.0%}" for arm in limited))
        facts.append(("Limits", f"{limits}; each with {drawn} drawn anew"))
    runs = f"{len(arms)} times {count(len(plan['seeds']), 'seed')}, each {steps_text(plan)}"
    facts += [
        ("Training", f"{trainings_text(plan)}: {runs}"),
        ("Measured", "right answers on trained and held-out rows, membership, information, bounds"),
    ]
    return [Facts(facts)]
