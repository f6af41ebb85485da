"""Engines: the devices there are, and how work is spread over them."""

from ravine.engines.devices import Devices, cores, find_devices, prepare
from ravine.engines.working import work
from ravine.precision import working_in

__all__ = ["Devices", "cores", "find_devices", "prepare", "work", "working_in"]
