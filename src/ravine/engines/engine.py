"""Engines: ways to apply a function to tasks, by the threads of this process or by processes elsewhere.

    threads      `ThreadEngine` below: one thread for each CPU core or GPU of this machine
    processes    `ravine.engines.process_engine`: one process for each CPU core of this machine
    dask         `ravine.engines.dask_engine`: the workers of a Dask cluster

The engine changes no result, since a task holds all that its result depends on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

from ravine.engines.devices import Devices
from ravine.engines.thread_pool import map_on_devices

__all__ = ["Engine", "ThreadEngine"]

Task = TypeVar("Task")
Result = TypeVar("Result")


class Engine(Protocol):
    """A way to apply a function to tasks."""

    @property
    def in_process(self) -> bool:
        """Whether the function runs in this process, so that its results may stay on a device."""

    def map(
        self, function: Callable[..., Result], shared: tuple[Any, ...], tasks: Sequence[Task], precision: str
    ) -> list[Result]:
        """Return the results function(*shared, device, task) for all tasks, in their order.

        shared: objects that all tasks read. Each reaches another process once. precision: "float32" or
        "float64", in which JAX computes. The first exception of the function is raised again.
        """


class ThreadEngine:
    """The engine of one process, with a thread for each CPU core or GPU."""

    in_process = True

    def __init__(self, devices: Devices) -> None:
        self.devices = devices

    def map(
        self, function: Callable[..., Result], shared: tuple[Any, ...], tasks: Sequence[Task], precision: str
    ) -> list[Result]:
        """Return the results function(*shared, device, task) for all tasks, in their order."""
        return map_on_devices(self.devices, partial(function, *shared), tasks, precision)
