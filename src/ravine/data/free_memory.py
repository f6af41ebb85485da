"""Memory that this process can still get: the least of free memory, limits of containers, and `ulimit -v`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["free_memory"]

MEMORY_INFO = Path("/proc/meminfo")
OWN_SIZE = Path("/proc/self/statm")  # pages of this process; the first number counts its address space
OWN_GROUP = Path("/proc/self/cgroup")
GROUPS = Path("/sys/fs/cgroup")


def free_memory() -> int:
    """Return the number of bytes that this process can still allocate, as far as the system tells.

    On Linux it is the least of the available memory, of the rest up to the limit of the control group of a
    container, and of the rest up to `ulimit -v`. Elsewhere it is the size of the memory.
    """
    return max(0, min([_of_machine(), *_of_groups(), *_of_address_space()]))


def _of_machine() -> int:
    for line in _lines(MEMORY_INFO):
        if line.startswith("MemAvailable:"):
            return 1024 * int(line.split()[1])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _of_groups() -> Iterator[int]:
    """Yield the free memory of the control group of this process and of each group around it."""
    for line in _lines(OWN_GROUP):
        number, _, group = line.split(":", 2)
        folder = GROUPS / group.lstrip("/") if number == "0" else GROUPS / "memory" / group.lstrip("/")
        names = ("memory.max", "memory.current") if number == "0" else (
            "memory.limit_in_bytes", "memory.usage_in_bytes",
        )  # fmt: skip
        for place in (folder, *folder.parents):
            limit, usage = (_number(place / name) for name in names)
            if limit is not None and usage is not None:
                yield limit - usage + _cached(place / "memory.stat")
            if place == GROUPS:
                break


def _of_address_space() -> Iterator[int]:
    """Yield the free part of the address space, if it is limited."""
    if sys.platform != "linux":
        return
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    pages = _lines(OWN_SIZE)
    if limit != resource.RLIM_INFINITY and pages:
        yield limit - int(pages[0].split()[0]) * os.sysconf("SC_PAGE_SIZE")


def _cached(path: Path) -> int:
    """Return the number of bytes that a group uses for files and can give back."""
    return sum(int(line.split()[1]) for line in _lines(path) if line.startswith("inactive_file "))


def _number(path: Path) -> int | None:
    """Return the number in a file of the system; None without a file, or if it holds a word such as `max`."""
    lines = _lines(path)
    return int(lines[0]) if lines and lines[0].isdecimal() else None


def _lines(path: Path) -> list[str]:
    """Return the lines of a file of the system; none if this system has no such file, or hides it."""
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
