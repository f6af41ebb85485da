"""Cache of compiled programs, by the function that they were compiled from.

A caller that measures repeatedly with the same loss compiles it once for each shape of its arguments. If the
cache is full, it drops the programs that were not used for the longest time, with the data in the closures of
their functions.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from importlib import metadata
from typing import Any, TypeVar

import jax

from ravine.errors import UsageError

__all__ = ["CACHED_FUNCTIONS", "jit_all_cores", "per_function"]

CACHED_FUNCTIONS = 32
"""Number of functions for which compiled programs are kept, for each kind of program."""

ALL_CORES = {"xla_cpu_experimental_ynn_fusion_type": ""}
"""Option of jaxlib 0.10.2. It turns off a library in which a matrix product uses only one core of a CPU."""

Built = TypeVar("Built")


def jit_all_cores(function: Callable[..., Any], **options: Any) -> Any:
    """Return jax.jit(function, **options), compiled so that one program uses all cores of a CPU.

    Version 0.10.2 of jaxlib needs an option for this on a CPU. With other versions and devices the result is
    the plain jax.jit(function, **options). Use this for a program that runs alone. A product of 1,150 rows
    with 64 x 64 weights takes 74 microseconds on two cores, and 100 to 135 on one. Programs that run side by
    side, as in training, gain nothing.
    """
    alone = metadata.version("jaxlib") == "0.10.2" and jax.default_backend() == "cpu"
    return jax.jit(function, compiler_options=ALL_CORES if alone else None, **options)


def per_function(build: Callable[..., Built]) -> Callable[..., Built]:
    """Return `build` with a cache: the same function and options give the same compiled programs.

    `build(function, *options)` returns compiled programs of the function. A function that has no hash, since
    it holds arrays, gets new programs at every call. Use this as a decorator of `build`.

    Raises UsageError, at the call, if `function` cannot be called.
    """
    cached = lru_cache(maxsize=CACHED_FUNCTIONS)(build)

    @wraps(build)
    def programs(function: Callable[..., Any], *options: Any) -> Built:
        if not callable(function):
            raise UsageError(
                f"{type(function).__name__} is no function.",
                "A function of parameters and data is needed.",
                "Pass for example a function loss(params, *data) that returns a scalar.",
            )
        try:
            hash(function)
        except TypeError:
            return build(function, *options)
        return cached(function, *options)

    return programs
