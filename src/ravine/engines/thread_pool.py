"""Map a function over items with all workers: whoever is free takes the next item."""

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
    """Return function(device, item) for every item, in order; the first exception ends the work.

    Compiled programs release the interpreter, so threads are enough. The precision of JAX holds for one
    thread, and is set in each.
    """
    if devices.count == 1 or len(items) < 2:
        with precision_context(precision):
            return [function(devices.workers[0], item) for item in items]
    left = iter(range(len(items)))
    results: list[Any] = [None] * len(items)
    lock, over = threading.Lock(), threading.Event()

    def worker(device: Device) -> None:
        with precision_context(precision):
            while not over.is_set():
                with lock:
                    index = next(left, None)
                if index is None:
                    return
                try:
                    results[index] = function(device, items[index])
                except BaseException:
                    over.set()
                    raise

    with ThreadPoolExecutor(devices.count, thread_name_prefix="worker") as pool:
        waiting = [pool.submit(worker, device) for device in devices.workers]
        try:
            for each in waiting:
                each.result()
        except BaseException:  # Ctrl-C among them: the others finish their item, and take no other
            over.set()
            raise
    return results
