"""The folder of files that Ravine can make again or do without: compiled programs, places of runs."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["user_cache"]


def user_cache() -> Path:
    """Return the folder `ravine` below $RAVINE_CACHE, else $XDG_CACHE_HOME, else ~/.cache."""
    base = os.environ.get("RAVINE_CACHE") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ravine"
