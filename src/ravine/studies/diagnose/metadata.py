"""What an observed run was, in plain values: most of its record's `meta`."""

from __future__ import annotations

from typing import Any

from ravine.networks import METRICS
from ravine.studies.diagnose.data_facts import constant_loss
from ravine.studies.diagnose.probe_rows import ChosenRows
from ravine.training import Plan, Runs, Streams
from ravine.training.stream import SeedRows

__all__ = ["described"]


def described(
    plan: Plan, runs: Runs, streams: Streams, rows: SeedRows, chosen: ChosenRows, preconditioned: bool
) -> dict[str, Any]:
    """Return rule, rate, network, rows and data. preconditioned: the limit is one of (4), in `measuring`."""
    rule, data = plan.rule, streams.dataset
    return {
        "optimizer": rule.name,
        "rule": rule.base_name,
        "formula": "" if rule.stability is None else rule.stability.formula,
        "preconditioned": preconditioned,
        "rate": float(runs.rate[0]),
        "schedule": str(runs.schedule[0]),
        "batch_size": plan.batch_size,
        "stride": plan.stride,
        "steps": plan.steps,
        "network": str(plan.network),
        "hidden": len(plan.network.layout) - 1,
        "activation": plan.network.activation,
        "connection": plan.network.connection,
        "norm": plan.network.norm,
        "parameters": plan.network.parameters,
        "outputs": plan.network.sizes[-1],
        "train": streams.sizes[0],
        "valid": len(chosen.valid.y),
        "task": data.task,
        "metric": plan.metric,
        "greater_is_better": METRICS[plan.metric].greater_is_better,
        "scaling": streams.scaling,
        "image": data.shape is not None,
        "features": list(data.features),
        "classes": None if data.classes is None else [str(each) for each in data.classes],
        "constant_loss": constant_loss(rows.train, data.task, plan.network.sizes[-1]),
        "piece": int(chosen.pieces.y.shape[1]),
        "pieces": int(chosen.pieces.y.shape[0]),
        "curved": len(chosen.curved.y),
    }
