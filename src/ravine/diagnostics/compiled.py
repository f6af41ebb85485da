"""Compiled programs that are kept for the next call with the same function.

A caller that measures every k steps with one loss compiles once for each shape. Programs of functions long
unused are dropped, with whatever data those functions closed over.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar

from ravine.errors import UsageError

__all__ = ["KEPT", "per_function"]

KEPT = 32
"""Functions whose programs are kept, for each kind of program."""

Built = TypeVar("Built")


def per_function(build: Callable[..., Built]) -> Callable[..., Built]:
    """Make build(function, *options) give the same programs for the same function and options.

    A function that cannot be hashed (it holds arrays) gets programs of its own at every call. Raises
    UsageError where what is given is no function.
    """
    cached = lru_cache(maxsize=KEPT)(build)

    @wraps(build)
    def programs(function: Callable[..., Any], *options: Any) -> Built:
        if not callable(function):
            raise UsageError(
                f"{type(function).__name__} is no function.",
                "",
                "Pass a function of the parameters and data.",
            )
        try:
            hash(function)
        except TypeError:
            return build(function, *options)
        return cached(function, *options)

    return programs
