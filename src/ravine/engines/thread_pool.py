"""A thread pool with one thread for each CPU core or GPU, which applies a function to a list of items."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from ravine.engines.devices import Devices
from ravine.precision import precision_context

if TYPE_CHECKING:
    from jax import Device

__all__ = ["map_on_devices"]

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_on_devices(
    devices: Devices, function: Callable[[Device, Item], Result], items: Sequence[Item], precision: str
) -> list[Result]:
    """Return the results function(device, item) for all items, in their order, computed on all workers.

    A worker is a core of the CPU or a GPU, and has one thread. A free worker takes the next item. One thread
    suffices, since compiled programs release Python's interpreter lock. JAX keeps the precision ("float32" or
    "float64") per thread, so each thread sets it. The first exception of a thread is raised again by this
    function; the other threads finish their current item and take no further item. Ctrl-C acts alike.
    """
    if devices.count == 1 or len(items) < 2:
        with precision_context(precision):
            return [function(devices.workers[0], item) for item in items]
    remaining = iter(range(len(items)))
    results: list[Any] = [None] * len(items)
    lock, over = threading.Lock(), threading.Event()

    def worker(device: Device) -> None:
        with precision_context(precision):
            while not over.is_set():
                with lock:
                    index = next(remaining, None)
                if index is None:
                    return
                try:
                    results[index] = function(device, items[index])
                except BaseException:
                    over.set()
                    raise

    with ThreadPoolExecutor(devices.count, thread_name_prefix="worker") as pool:
        futures = [pool.submit(worker, device) for device in devices.workers]
        try:
            for future in futures:
                future.result()
        except BaseException:  # also KeyboardInterrupt, which only the main thread receives
            over.set()
            raise
    return results
