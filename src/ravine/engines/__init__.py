"""Engines: the CPU cores or GPUs of this machine, and ways to share out work, also to other machines."""

from ravine.engines.devices import Devices, check_not_forked, find_devices, prepare
from ravine.engines.engine import Engine, ThreadEngine
from ravine.engines.engine_text import THREADS
from ravine.engines.open_engine import open_engine
from ravine.engines.thread_pool import map_on_devices
from ravine.precision import precision_context

__all__ = [
    "THREADS",
    "Devices",
    "Engine",
    "ThreadEngine",
    "check_not_forked",
    "find_devices",
    "map_on_devices",
    "open_engine",
    "precision_context",
    "prepare",
]
