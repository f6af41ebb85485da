"""Engines: the CPU cores or GPUs of this machine, and functions that prepare them and share out work."""

from ravine.engines.devices import Devices, check_not_forked, find_devices, prepare
from ravine.engines.thread_pool import map_on_devices
from ravine.precision import precision_context

__all__ = [
    "Devices",
    "check_not_forked",
    "find_devices",
    "map_on_devices",
    "precision_context",
    "prepare",
]
