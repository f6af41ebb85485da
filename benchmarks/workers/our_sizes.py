"""Ravine: the tuning of one optimizer on a table of any size.

Task: features, rows, sizes, batch, stride (steps between two evaluations), evaluations, networks, seeds,
cache (folder of compiled programs).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from serve import Pass, serve, versions
from table import table


def setup(task: dict[str, Any]) -> tuple[dict[str, Any], Pass]:
    """Return facts, and a pass over the whole cohort: splits, standardization, training, all evaluations."""
    from ravine.engines import find_devices, prepare

    prepare("cpu", cache=Path(task["cache"]))
    from ravine.data import from_arrays
    from ravine.networks import Network
    from ravine.optimizers import resolve
    from ravine.training import Batches, Cohort, Plan, Runs, run_cohort, shape_for, shape_of_repeated_seeds

    devices = find_devices()
    x, y = table(task["rows"], task["features"])
    dataset = from_arrays(x, y, task="classify", test=0.2)
    del x, y
    plan = Plan(
        resolve("adam"), Network(tuple(task["sizes"])), "cross_entropy", "accuracy", task["batch"],
        task["stride"], task["evaluations"],
    )  # fmt: skip
    count, seeds = task["networks"], task["seeds"]
    runs = Runs(np.geomspace(1e-4, 1e-3, count), np.full(count, "constant"), np.arange(count) % seeds)

    def once() -> int:
        batches = Batches(dataset, 0, task["batch"])
        shape = shape_for(plan, batches, count, seeds, devices)
        shape = shape_of_repeated_seeds(shape, plan, batches, count // seeds, seeds, devices)
        done = run_cohort(Cohort(plan, runs, batches), shape, devices).counts()
        if done != {"finished": count}:  # a network that stops early would make the rest look fast
            raise SystemExit(f"Not all networks finished: {done}")
        return count * plan.steps

    return {"devices": str(devices), "versions": versions("jax", "numpy")}, once


if __name__ == "__main__":
    serve(setup)
