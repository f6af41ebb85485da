"""Random generators keyed by what they are for, so that a choice is the same whatever else runs."""

from __future__ import annotations

import zlib

import numpy as np

__all__ = ["keyed"]


def keyed(root: int, purpose: str, *numbers: int) -> np.random.Generator:
    """Return the random generator of (root seed, purpose, numbers); signs are ignored."""
    entropy = [abs(int(root)), zlib.crc32(purpose.encode()), *(abs(int(number)) for number in numbers)]
    return np.random.default_rng(entropy)
