"""The folder of compiled programs, which JAX fills and Ravine bounds.

JAX has a bound of its own. It needs a lock and a further file for each program, and stops to write programs
once a process was killed between the two files. Here, each command removes the programs that were not used
for the longest time. Two commands may do so at the same time: a program that is gone is compiled anew.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from ravine.records.user_cache import user_cache

__all__ = ["cache_folder", "can_keep_programs", "remove_old_programs"]

NAMES = ("-cache", "-atime")  # ends of the names of JAX's files
MAX_BYTES = 2 * 2**30
FREE_SHARE = 0.2  # of the free space of the disk, counted without the programs
KEPT_SHARE = 0.8  # of the bound that is left after a removal, so that not every command removes some


def cache_folder() -> Path:
    """Return the folder of compiled programs."""
    return user_cache() / "programs"


def can_keep_programs(folder: Path) -> bool:
    """Make the folder, if it does not exist; return whether programs can be written into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def remove_old_programs(folder: Path) -> int:
    """Remove the programs that were not used for the longest time, if all together are too large.

    They may take 2 GB, and 20 % of the free space of their disk. Returns the number of bytes removed. A file
    that cannot be removed is left out.
    """
    files = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                if entry.name.endswith(NAMES) and entry.is_file(follow_symlinks=False):
                    status = entry.stat(follow_symlinks=False)
                    files.append((max(status.st_atime, status.st_mtime), status.st_size, entry.path))
    total = sum(size for _, size, _ in files)
    bound = _bound(folder, total)
    removed = 0
    if total > bound:
        for _, size, path in sorted(files):
            if total - removed <= KEPT_SHARE * bound:
                break
            with suppress(OSError):
                Path(path).unlink(missing_ok=True)  # another command may remove the same programs
                removed += size
    return removed


def _bound(folder: Path, total: int) -> float:
    """Return how many bytes the programs may take. total: bytes that they take now."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return MAX_BYTES
    return min(MAX_BYTES, FREE_SHARE * (free + total))
