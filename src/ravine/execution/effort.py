"""How much work a comparison does: deterministic counts, so that a plan is the same on every machine."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from ravine.errors import UsageError
from ravine.networks import Network

__all__ = ["EFFORTS", "Effort", "batch_size_for", "budget_seconds", "step_seconds", "steps_for"]

PATIENCE = 120.0  # seconds: without --effort or --budget the largest level estimated below this is taken


@dataclass(frozen=True)
class Effort:
    """A level. trials: settings tried for each optimizer. epochs become steps between the two bounds."""

    name: str
    trials: int
    tuning_seeds: int
    seeds: int
    epochs: float
    fewest_steps: int
    most_steps: int


EFFORTS = {
    each.name: each
    for each in (
        Effort("quick", 12, 3, 10, 10, 200, 800),
        Effort("standard", 30, 5, 20, 20, 600, 4_000),
        Effort("thorough", 60, 10, 50, 60, 2_000, 40_000),
    )
}


def batch_size_for(rows: int) -> int:
    """Return the batch size used when none is asked for: 16 to 128, growing with the training rows."""
    return next(size for limit, size in ((500, 16), (5_000, 32), (20_000, 64), (np.inf, 128)) if rows < limit)


def steps_for(effort: Effort, rows: int, batch_size: int, epochs: float | None) -> int:
    """Return the steps of one run: the epochs asked for, else the level's, within its bounds."""
    if epochs is not None:
        return max(1, round(epochs * rows / batch_size))
    return int(np.clip(round(effort.epochs * rows / batch_size), effort.fewest_steps, effort.most_steps))


def budget_seconds(text: str) -> float:
    """Read `60s`, `2m`, `1h` or plain seconds. Raises UsageError."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(s|sec|m|min|h)?\s*", text.lower())
    if not found or not float(found[1]) > 0:
        raise UsageError(f"'{text}' is not a budget of time.", "", "Write for example 60s, 2m or 1h.")
    return float(found[1]) * {"s": 1, "m": 60, "h": 3600}[(found[2] or "s")[0]]


def step_seconds(network: Network, batch_size: int, devices: int) -> float:
    """Return the estimated seconds of one network step, from products of the network's own sizes timed now.

    A step costs about three times its forward products, and as much again for everything else when small.
    """
    layers = [
        (np.ones((batch_size * rows, i), np.float32), np.ones((i, o), np.float32))
        for rows, i, o in network.products
    ]
    best = np.inf
    with threadpool_limits(1):  # one device is one core, and on a busy machine threads wait for each other
        for _ in range(10):
            clock = time.perf_counter()
            for _ in range(10):
                for x, weight in layers:
                    x @ weight
            best = min(best, (time.perf_counter() - clock) / 10)
    fixed = 10e-6 + 1.5e-9 * network.parameters  # starting kernels; reading and writing the optimizer's state
    return (3 * best + fixed) / devices
