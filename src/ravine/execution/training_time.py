"""Estimates of the running time of a study. They choose its effort level; no result depends on them."""

from __future__ import annotations

import time

import numpy as np
from threadpoolctl import threadpool_limits

from ravine.networks import Network

__all__ = ["COMPILE_S", "START_S", "TIME_LIMIT_S", "estimated_seconds", "step_seconds"]

TIME_LIMIT_S = 120.0  # without --effort or --budget, the largest level estimated below this is taken
COMPILE_S = 2.0  # one program on one core
START_S = 3.0  # until the first program can be compiled


def estimated_seconds(programs: int, training: float, devices: int) -> float:
    """Return the estimated seconds of a study.

    programs: number of programs to compile. training: seconds of training. devices: number of devices.
    """
    return START_S + COMPILE_S * programs / min(2, devices) + training


def step_seconds(network: Network, batch_size: int, devices: int) -> float:
    """Return the estimated seconds of one network step, from the time of matrix products of its sizes.

    A step costs about three times its forward products. In small networks, all other work costs as much
    again.
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
