"""The work of a worker in another process: it computes a task with shared objects, which it keeps.

A worker that lacks a shared object answers with its name. The engine then sends the task again, with the
object. So data reach each worker once, also one that joins late or takes the place of a lost one.
"""

from __future__ import annotations

import platform
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from ravine.engines.devices import find_devices, prepare
from ravine.engines.shared_objects import ObjectName, unpack
from ravine.precision import precision_context
from ravine.version import __version__

__all__ = ["Answer", "Call", "identity", "run_task", "versions"]

MAX_OBJECTS = 6
"""Number of shared objects that a worker keeps, the newest. Each set of batches keeps rows of its seeds."""


@dataclass(frozen=True)
class Call:
    """The part of the tasks of one `Engine.map` that is the same for all.

    function: function(*shared, device, task). shared: names of the shared objects. precision: "float32" or
    "float64". kind: "cpu" or "gpu". versions: those of the engine, which a worker must have too.
    """

    function: Callable[..., Any]
    shared: tuple[ObjectName, ...]
    precision: str
    kind: str
    versions: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """The answer of a worker: a result, names of shared objects that it lacks, or versions that differ."""

    result: Any = None
    missing: tuple[str, ...] = ()
    versions: Mapping[str, str] | None = None


_objects: dict[str, Any] = {}
_arrays: WeakValueDictionary[str, np.ndarray] = WeakValueDictionary()
_lock = threading.Lock()


def run_task(call: Call, task: Any, sent: Mapping[str, bytes | np.ndarray]) -> Answer:
    """Return the answer to a task. sent: bytes and large arrays of shared objects that came with the task."""
    own = versions()
    if own != call.versions:
        return Answer(versions=own)
    with _lock:
        shared, missing = _shared_objects(call.shared, sent)
    if missing:
        return Answer(missing=missing)
    device = _device(call.kind)
    with precision_context(call.precision):
        return Answer(call.function(*shared, device, task))


def identity(value: Any) -> Any:
    """Return the value: the task of Dask whose result is a shared object, and which Dask can repeat."""
    return value


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Return the versions of the programs on which the bits of a result depend, by name."""
    packages = {name: metadata.version(name) for name in ("jax", "jaxlib", "numpy", "optax")}
    return {"ravine": __version__, "python": ".".join(platform.python_version_tuple()[:2]), **packages}


@lru_cache(maxsize=2)
def _device(kind: str) -> Any:
    """Return the device of this worker, its CPU or its first GPU."""
    prepare(kind)
    return find_devices(kind).workers[0]


def _shared_objects(
    names: tuple[ObjectName, ...], sent: Mapping[str, bytes | np.ndarray]
) -> tuple[list[Any], tuple[str, ...]]:
    """Return shared objects by name, and the names of all parts that are missing for them."""
    found, missing = [], []
    for name in names:
        if name.key in _objects:
            _objects[name.key] = _objects.pop(name.key)  # the newest
        else:
            parts: dict[str, Any] = {key: sent.get(key, _arrays.get(key)) for key in name.keys}
            lacking = [key for key, part in parts.items() if part is None]
            if lacking:
                missing += lacking
                continue
            blob = parts.pop(name.key)
            _objects[name.key] = unpack(blob, parts)
            _arrays.update(parts)
        found.append(_objects[name.key])
    while len(_objects) > MAX_OBJECTS:
        del _objects[next(iter(_objects))]
    return found, tuple(missing)
