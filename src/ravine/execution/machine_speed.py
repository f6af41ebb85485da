"""The speed of one core of this machine, measured once in a process: matrix products, and everything else.

Estimates of running time multiply counted work by seconds that were measured on one machine. The two speeds
carry them over to another machine, and to another hour on a shared one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from threadpoolctl import threadpool_limits

__all__ = ["at_this_speed", "operations_per_second", "slowness"]

MEASURE_S = 0.1  # of a measurement, of whose rounds the shortest counts
PRODUCT_ROWS, PRODUCT_UNITS = 512, 256  # of the measured product, which stays in the cache of a core
COUNTED, SMALL_ARRAYS = 3_000, 100  # entries of a dictionary and operations of NumPy in a round of other work
ROUND_S = 5.7e-4  # of such a round on the machine where all constants of estimates were measured, an AMD EPYC


def at_this_speed(seconds: float) -> float:
    """Return the seconds on this machine for work whose seconds were measured where the constants were."""
    return seconds * slowness()


@lru_cache(maxsize=1)
def slowness() -> float:
    """Return the time of work other than large products on this machine, over that of the measured constants.

    The work is Python's own and that of NumPy on small arrays.
    """
    x = np.ones((32, 64), np.float32)

    def round_of_work() -> None:
        counts: dict[int, int] = {}
        for number in range(COUNTED):
            counts[number * 7 % 1_013] = counts.get(number % 97, 0) + number
        for _ in range(SMALL_ARRAYS):
            np.maximum(x * x + x, 0)

    return _shortest(round_of_work) / ROUND_S


@lru_cache(maxsize=1)
def operations_per_second() -> float:
    """Return the operations per second of matrix products in NumPy on one core."""
    x = np.ones((PRODUCT_ROWS, PRODUCT_UNITS), np.float32)
    weight = np.ones((PRODUCT_UNITS, PRODUCT_UNITS), np.float32)
    with threadpool_limits(1):  # a worker is one core
        return 2 * PRODUCT_ROWS * PRODUCT_UNITS**2 / _shortest(lambda: x @ weight)


def _shortest(work: Callable[[], object]) -> float:
    """Return the shortest of the processor times of `work` [s]; that of its thread ignores other work."""
    best = float("inf")
    end = time.perf_counter() + MEASURE_S
    while True:
        clock = time.thread_time()
        work()
        best = min(best, time.thread_time() - clock)
        if time.perf_counter() > end:
            return best
