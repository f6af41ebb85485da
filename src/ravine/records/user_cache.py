"""The user's cache folder, for files that Ravine can make again or do without, such as compiled programs."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["user_cache"]


def user_cache() -> Path:
    """Return Ravine's cache folder: `ravine` below $RAVINE_CACHE, else $XDG_CACHE_HOME, else ~/.cache."""
    base = os.environ.get("RAVINE_CACHE") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ravine"
