"""Random generators keyed by their purpose, so that a random choice does not depend on other choices."""

from __future__ import annotations

import zlib

import numpy as np

__all__ = ["keyed_generator"]


def keyed_generator(root: int, purpose: str, *numbers: int) -> np.random.Generator:
    """Return the random generator that belongs to the key (root, purpose, numbers).

    The same key always gives the same random numbers, and different keys give independent ones.

    root      root seed
    purpose   name of the random choice, such as "validation"
    numbers   further parts of the key, such as a seed index; their signs are ignored
    """
    entropy = [abs(int(root)), zlib.crc32(purpose.encode()), *(abs(int(number)) for number in numbers)]
    return np.random.default_rng(entropy)
