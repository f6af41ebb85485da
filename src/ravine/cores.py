"""The processor cores of this process, and work that they share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["cores", "map_on_cores"]

Item = TypeVar("Item")
Value = TypeVar("Value")


def cores() -> int:
    """Return the number of processor cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows have no affinity
        return os.cpu_count() or 1


def map_on_cores(
    function: Callable[[Item], Value], items: Iterable[Item], most: int | None = None
) -> list[Value]:
    """Return the values of a function of items, in their order, computed by one thread for each core.

    This saves time if the function spends it in NumPy, which lets threads run at the same time. most: largest
    number of threads. Raises the first error of the function.
    """
    items, threads = list(items), min(cores(), most or cores())
    if len(items) < 2 or threads < 2:
        return list(map(function, items))
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, items))
