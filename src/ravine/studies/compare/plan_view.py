"""The plan of a comparison, for `--dry-run`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ravine.render.blocks import Block, Facts
from ravine.render.dry_run import around_facts, data_fact

__all__ = ["plan_view"]

TRACKS = {
    "rate": "rate: learning rate and schedule are tuned, all else is the lecture's",
    "full": "full: momentum, decays and eps are tuned too, in as many trials",
}


def plan_view(document: Mapping[str, Any]) -> list[Block]:
    """Return the facts of a plan: data, optimizers, tuning, evaluation, amount of training."""
    rows = document["rows"]
    optimizers = list(dict.fromkeys(run["optimizer"] for run in document["evaluate"]))
    schedules = list(dict.fromkeys(run["schedule"] for run in document["evaluate"]))
    tuned = len(document["tune"]) // max(1, len(optimizers))
    seconds = max(1, round(document["estimated_seconds"]))
    facts = [
        data_fact(document),
        ("Split", f"{rows['train']:,} rows to train, {rows['validation']:,} to validate, the rest to test"),
        ("Metric", document["metric"]),
        ("Effort", f"{document['effort']} ({document['effort_chosen']})"),
        ("Optimizers", ", ".join(optimizers)),
        ("Schedules", ", ".join(schedules)),
        *around_facts(document["around"]),
        ("Track", TRACKS[document["track"]]),
        ("Tuning", f"{tuned:,} settings each, on {len(document['tuning_seeds'])} seeds"),
        ("Evaluation", f"each with its best setting, on {len(document['seeds'])} fresh seeds"),
        ("Networks", f"{document['runs']:,} in all, {document['network_steps']:,} network steps"),
        ("Time", f"about {seconds:,} s on this machine"),
    ]
    return [Facts(facts)]
