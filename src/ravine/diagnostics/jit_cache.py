"""Compiled programs that are kept for the next call with the same function.

A caller that measures every k steps with one loss compiles once for each shape. Programs of functions long
unused are dropped, with whatever data those functions closed over.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from importlib import metadata
from typing import Any, TypeVar

import jax

from ravine.errors import UsageError

__all__ = ["CACHED_FUNCTIONS", "jit_alone", "per_function"]

CACHED_FUNCTIONS = 32
"""Functions whose programs are kept, for each kind of program."""

ALL_CORES = {"xla_cpu_experimental_ynn_fusion_type": ""}
"""jaxlib 0.10.2: without a library whose products take one core of a CPU each."""

Built = TypeVar("Built")


def jit_alone(function: Callable[..., Any], **options: Any) -> Any:
    """Return jax.jit(function, **options) for a program that has the machine to itself.

    On a CPU a product of 1,150 rows with 64 x 64 weights alone takes 74 microseconds on two cores for 100 to
    135 on one. Many programs side by side, as in training, gain nothing by that.
    """
    alone = metadata.version("jaxlib") == "0.10.2" and jax.default_backend() == "cpu"
    return jax.jit(function, compiler_options=ALL_CORES if alone else None, **options)


def per_function(build: Callable[..., Built]) -> Callable[..., Built]:
    """Make build(function, *options) give the same programs for the same function and options.

    A function that cannot be hashed (it holds arrays) gets programs of its own at every call. Raises
    UsageError where what is given is no function.
    """
    cached = lru_cache(maxsize=CACHED_FUNCTIONS)(build)

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
