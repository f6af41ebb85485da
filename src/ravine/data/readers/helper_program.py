"""The program of the helper process that reads a file for `helper_process`, without JAX and pandas.

It reads a request from standard input, limits its own memory and processor time, and writes its answer to
standard output, both in JSON. The data go into the file whose descriptor the request names.
"""

from __future__ import annotations

import json
import math
import mmap
import os
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ravine.data.boundary import at, first_line
from ravine.data.free_memory import free_memory
from ravine.data.size_limits import SizeBudget
from ravine.errors import DataError

__all__ = ["Plan", "PlannedArray", "Stream", "run"]

BASE_CPU_S = 8  # of processor time, for the imports and a small file
BYTES_PER_CPU_S = 4_000_000  # of data, for which the helper gets one more second
BASE_MEMORY = 1 << 29  # bytes for libraries and buffers
DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)
ALIGNMENT = 64  # bytes


@dataclass(frozen=True)
class PlannedArray:
    """An array that is not read yet.

    key      name of the array
    shape    shape of the array
    kind     type of its values, in native byte order
    fill     function that reads the values into an array of this shape and type
    text     whether the values are text, as bytes of a fixed length unless there is `words`
    words    function that returns the bytes of every word, for text of variable length
    """

    key: str
    shape: tuple[int, ...]
    kind: np.dtype
    fill: Callable[[np.ndarray], object]
    text: bool = False
    words: Callable[[], list[bytes]] | None = None


@dataclass(frozen=True)
class Plan:
    """The arrays to read from a file, and the path of their table inside the file."""

    arrays: list[PlannedArray]
    path: str


@dataclass(frozen=True)
class Stream:
    """Data that are no plain arrays.

    write   function that writes the data, as bytes, into the file with this descriptor
    size    number of bytes that the data announce
    """

    write: Callable[[int], None]
    size: int


def run() -> None:
    """Read the file of the request on standard input, and write the answer to standard output."""
    request = json.load(sys.stdin)
    _end_with(request["parent"])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _limit_time(request["file_bytes"])
    try:
        answer = _answer(request)
    except DataError as error:
        answer = {"refused": [error.what, error.why, error.fix]}
        answer["about"] = {"option": error.option, "value": error.value, "allowed": error.allowed}
    except Exception as error:
        known = next((k.__name__ for k in (MemoryError, ImportError) if isinstance(error, k)), "")
        answer = {"error": known or type(error).__name__, "text": first_line(error)}
        answer["places"] = list(getattr(error, "__notes__", ()))
    json.dump(answer, sys.stdout)
    sys.stdout.flush()
    os._exit(0)  # a library can crash when it closes a damaged file


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    module, _, function = request["reader"].partition(":")
    read = getattr(import_module(module), function)
    budget = SizeBudget(request["name"], request["file_bytes"], request["max_expand"])
    if sys.platform == "linux":  # elsewhere the size of the address space says little about the memory
        most = min(free_memory(), budget.limit + budget.file_bytes + BASE_MEMORY)
        _limit(resource.RLIMIT_AS, _address_space() + most)
    plan: Plan | Stream = read(f"/dev/fd/{request['input']}", request["part"], budget)
    if isinstance(plan, Stream):
        _limit_time(budget.file_bytes + plan.size)
        plan.write(request["output"])
        return {}
    return {"arrays": _written(plan.arrays, request["output"], budget), "path": plan.path}


def _written(arrays: list[PlannedArray], output: int, budget: SizeBudget) -> list[dict[str, Any]]:
    """Read the arrays into the output file. Returns a description of each, with its place in the file.

    Raises DataError if they exceed the budget.
    """
    sizes = [math.prod(array.shape) * array.kind.itemsize for array in arrays]
    budget.check(sum(sizes), "The data sets")
    _limit_time(budget.file_bytes + sum(sizes))
    offsets = np.cumsum([0, *(-(-size // ALIGNMENT) * ALIGNMENT for size in sizes)]).tolist()
    os.ftruncate(output, offsets[-1])
    described = []
    for array, size, offset in zip(arrays, sizes, offsets, strict=False):
        kind = array.kind
        with at(f"data set '{array.key}'"):
            if array.words is not None:
                offset, kind = _append_words(array.words(), output), np.dtype(np.int64)
            elif size:
                memory = mmap.mmap(output, offsets[-1])
                count = math.prod(array.shape)
                array.fill(np.frombuffer(memory, kind, count, offset).reshape(array.shape))
        described.append(
            {"key": array.key, "shape": array.shape, "type": kind.str, "offset": offset, "text": array.text}
        )
    return described


def _append_words(words: list[bytes], output: int) -> int:
    """Append the ends of words, int64 [N], and then their bytes to the output file; return the position."""
    position = -(-os.fstat(output).st_size // ALIGNMENT) * ALIGNMENT
    ends = np.cumsum([len(word) for word in words], dtype=np.int64)
    rest = memoryview(ends.tobytes() + b"".join(words))
    at_byte = position
    while rest:
        count = os.pwrite(output, rest, at_byte)
        at_byte, rest = at_byte + count, rest[count:]
    return position


def _end_with(parent: int) -> None:
    """Let the system end this process when its parent ends, also if the parent is killed."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(DIES_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _limit_time(size: int) -> None:
    """Set the limit on processor time for a number of bytes of data."""
    _limit(resource.RLIMIT_CPU, BASE_CPU_S + size // BYTES_PER_CPU_S)


def _limit(resource_kind: int, most: int) -> None:
    """Set a limit of this process, unless a stricter one holds."""
    _, hard = resource.getrlimit(resource_kind)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(resource_kind, (most, hard))


def _address_space() -> int:
    """Return the number of bytes of the address space of this process, on Linux."""
    pages = Path("/proc/self/statm").read_text().split()[0]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
