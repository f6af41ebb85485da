"""Ravine: a cohort.

Task: sizes, batch, steps, networks, evaluations, seeds, cache (folder of compiled programs, None for the
usual one), device (default: cpu).
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from serve import Pass, serve, versions


def setup(task: dict[str, Any]) -> tuple[dict[str, Any], Pass]:
    """Return facts, and a pass over the whole cohort, including host work and final evaluation."""
    from ravine.engines import find_devices, prepare

    prepare(task.get("device", "cpu"), cache=Path(task["cache"]) if task["cache"] else None)
    from ravine.data import prepare as prepared
    from ravine.data import read
    from ravine.networks import Network
    from ravine.optimizers import resolve
    from ravine.training.batches import Batches
    from ravine.training.cohort import Cohort, run_cohort
    from ravine.training.plan import Plan
    from ravine.training.program_shape import shape_for
    from ravine.training.runs import Runs

    devices = find_devices()
    batches = Batches(prepared(read("digits")), 0, task["batch"])
    network = Network(tuple(task["sizes"]))
    evaluations = task["evaluations"]
    stride = task["steps"] // evaluations
    plan = Plan(
        resolve("adam"), network, "cross_entropy", "accuracy", batches.batch_size, stride, evaluations
    )
    count, seeds = task["networks"], task["seeds"]
    runs = Runs(np.geomspace(1e-4, 1e-2, count), np.full(count, "constant"), np.arange(count) % seeds)
    cohort = Cohort(plan, runs, batches)
    shape = shape_for(plan, batches, count, seeds, devices)

    def once() -> int:
        done = run_cohort(cohort, shape, devices).counts()
        if done != {"finished": count}:  # a network that stops early would make the rest look fast
            raise SystemExit(f"Not all networks finished: {done}")
        return count * plan.steps

    facts = {
        "rows": batches.sizes[0],
        "held": batches.sizes[1],
        "steps": plan.steps,
        "networks": count,
        "flops_per_step": network.flops * batches.batch_size,
        "devices": str(devices),
        "shape": asdict(shape),
        "versions": versions("jax", "numpy"),
    }
    return facts, once


if __name__ == "__main__":
    serve(setup)
