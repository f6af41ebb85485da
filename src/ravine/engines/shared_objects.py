"""Objects that many tasks share, as bytes and large arrays with names by content, so that each travels once.

Large arrays stay outside of the bytes. Two objects with the same array, such as batches of two sizes of one
data set, therefore name one array. Equal content has the same name in every process.
"""

from __future__ import annotations

import hashlib
import io
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cloudpickle
import numpy as np

__all__ = ["ObjectName", "PackedObject", "PackedObjects", "pack", "unpack"]

LARGE_BYTES = 2**18  # of an array with a name of its own
MAX_PACKED = 8  # objects that `PackedObjects` keeps


@dataclass(frozen=True)
class ObjectName:
    """The name of an object, and the names of the large arrays in it."""

    key: str
    arrays: tuple[str, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """All names."""
        return self.key, *self.arrays


@dataclass(frozen=True)
class PackedObject:
    """An object as bytes, with its large arrays by name."""

    name: ObjectName
    values: Mapping[str, bytes | np.ndarray]


def pack(value: object) -> PackedObject:
    """Return an object as bytes and large arrays. Functions that no module holds are part of the bytes."""
    file = io.BytesIO()
    pickler = _Pickler(file)
    pickler.dump(value)
    blob = file.getvalue()
    key = f"object-{hashlib.sha256(blob).hexdigest()}"
    return PackedObject(ObjectName(key, tuple(pickler.arrays)), {key: blob, **pickler.arrays})


def unpack(blob: bytes, arrays: Mapping[str, np.ndarray]) -> Any:
    """Return the object of some bytes. arrays: its large arrays by name.

    Bytes can run any code, so they must come from a trusted process.
    """
    return _Unpickler(io.BytesIO(blob), arrays).load()


class PackedObjects:
    """The newest packed objects, so that an object is packed once for many tasks."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[object, PackedObject]] = {}  # with the object, whose id stays its own

    def of(self, value: object) -> PackedObject:
        """Return an object as bytes and large arrays."""
        if id(value) not in self._kept:
            self._kept[id(value)] = value, pack(value)
        kept = self._kept[id(value)] = self._kept.pop(id(value))
        while len(self._kept) > MAX_PACKED:
            del self._kept[next(iter(self._kept))]
        return kept[1]


class _Pickler(cloudpickle.Pickler):
    """A pickler that leaves out large arrays and collects them by name in `arrays`."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self.arrays: dict[str, np.ndarray] = {}
        self._keys: dict[int, str] = {}

    def persistent_id(self, item: object) -> str | None:
        """Return the name of a large array, else None."""
        if type(item) is not np.ndarray or item.nbytes < LARGE_BYTES or item.dtype.hasobject:
            return None
        if id(item) not in self._keys:
            content = hashlib.sha256(f"{item.dtype.str} {item.shape} ".encode())
            content.update(np.ascontiguousarray(item).data.cast("B"))
            self._keys[id(item)] = f"array-{content.hexdigest()}"
        key = self._keys[id(item)]
        self.arrays[key] = item
        return key


class _Unpickler(pickle.Unpickler):
    """An unpickler that takes large arrays from `arrays`."""

    def __init__(self, file: io.BytesIO, arrays: Mapping[str, np.ndarray]) -> None:
        super().__init__(file)
        self.arrays = arrays

    def persistent_load(self, key: str) -> np.ndarray:
        """Return the large array of a name."""
        return self.arrays[key]
