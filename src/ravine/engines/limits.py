"""Limits of the system on this process, which are checked before NumPy and JAX are imported.

These libraries start threads and reserve memory when they are imported. Where a limit (`ulimit`) does not
allow that, they abort the process without a sentence.
"""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

from ravine.errors import UsageError

__all__ = ["check_limits"]

KILOBYTE, MEGABYTE = 1024, 10**6
MEMORY_MB, MEMORY_MB_PER_CORE = 3_000, 200  # address space, of which most is reserved and never used
DATA_MB, DATA_MB_PER_CORE = 1_700, 150
THREADS, THREADS_PER_CORE = 40, 8
STACK_KB = 1_024
FILES = 48
SECONDS = 20  # of processor time, which the start of JAX and the compilation take


def check_limits() -> None:
    """Raise UsageError if a limit of the system on this process is too small to start JAX.

    Nothing is checked in a process that has imported JAX already.
    """
    if "jax" in sys.modules:
        return
    cores = os.cpu_count() or 1
    memory, data = MEMORY_MB + cores * MEMORY_MB_PER_CORE, DATA_MB + cores * DATA_MB_PER_CORE
    _check(resource.RLIMIT_AS, "memory", memory * MEGABYTE, MEGABYTE, "MB", "v")
    _check(resource.RLIMIT_DATA, "data memory", data * MEGABYTE, MEGABYTE, "MB", "d")
    _check(resource.RLIMIT_STACK, "the stack", STACK_KB * KILOBYTE, KILOBYTE, "kB", "s")
    _check(resource.RLIMIT_NOFILE, "open files", FILES, 1, "files", "n")
    _check(resource.RLIMIT_CPU, "processor time", SECONDS, 1, "seconds", "t")
    if os.geteuid() != 0:  # the limit does not hold for root
        threads = THREADS + cores * THREADS_PER_CORE + _threads_of_user()
        _check(resource.RLIMIT_NPROC, "threads of the user", threads, 1, "threads", "u")


def _check(limit: int, name: str, needed: int, unit: int, unit_name: str, letter: str) -> None:
    """Raise UsageError if a limit is below `needed`. unit: its unit in words. letter: option of `ulimit`."""
    allowed = resource.getrlimit(limit)[0]
    if allowed == resource.RLIM_INFINITY or allowed >= needed:
        return
    raise UsageError(
        f"The limit on {name} is too small: {allowed // unit:,} {unit_name}.",
        f"To start JAX, Ravine needs at least {needed // unit:,} {unit_name} here.",
        f"Raise the limit, for example with `ulimit -{letter} unlimited`.",
    )


def _threads_of_user() -> int:
    """Return the number of threads that the user of this process has; 0 if the system does not tell."""
    user, count = os.geteuid(), 0
    processes = Path("/proc")
    for folder in processes.iterdir() if processes.is_dir() else ():
        if folder.name.isdigit():
            try:
                if folder.stat().st_uid == user:
                    count += sum(1 for _ in (folder / "task").iterdir())
            except OSError:  # ended meanwhile
                continue
    return count
