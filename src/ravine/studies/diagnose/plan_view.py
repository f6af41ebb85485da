"""The plan of a diagnosis, for `--dry-run`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ravine.render.blocks import Block, Facts
from ravine.render.dry_run import (
    NOTHING,
    around_facts,
    data_fact,
    network_fact,
    optimizer_text,
    steps_text,
)
from ravine.render.numbers import count

__all__ = ["plan_view"]


def plan_view(document: Mapping[str, Any]) -> list[Block]:
    """Return the facts of a plan: data, training, measurements, proof."""
    plan, split = document["plan"], document["split"]
    facts = [
        data_fact(document),
        ("Split", ", ".join(f"{split[name]:,} {name}" for name in ("train", "validation", "test"))),
        ("Metric", document["metric"]["name"]),
    ]
    if document["model"] is not None:
        facts += [
            ("Model", document["model"]),
            network_fact(plan),
            ("Trained with", optimizer_text(plan)),
            ("Training", f"{NOTHING}the model is measured as it is, and no remedy is tried"),
            ("Measured", "loss, gradients, units and the ends of the spectrum, once"),
        ]
        return [Facts(facts)]
    if document["run"] is not None:
        facts.append(("Run", f"{document['run']}: its configuration, trained anew"))
    facts += [
        network_fact(plan),
        ("Optimizer", optimizer_text(plan)),
        *around_facts(plan["around"]),
        ("Training", f"1 network, {steps_text(plan)}"),
        (
            "Measured",
            f"loss, gradients and units at {count(plan['points'], 'point')} of it, "
            f"the ends of the spectrum at {plan['spectra']}",
        ),
    ]
    return [Facts([*facts, *_proof(plan["runs"])])]


def _proof(runs: Mapping[str, int]) -> list[tuple[str, str]]:
    if not runs["original"]:
        return [("Proof", "no remedy is tried")]
    return [
        ("Proof", f"the same on {runs['original']} seeds, and on them every remedy of what is found"),
        (
            "Fresh seeds",
            f"where a remedy is better, {runs['confirm']} networks more, and the test rows, once",
        ),
    ]
