"""Working in float32 or float64. JAX turns float64 arrays into float32 without a word unless told not to."""

from __future__ import annotations

from contextlib import AbstractContextManager

__all__ = ["working_in"]


def working_in(precision: str) -> AbstractContextManager[None]:
    """Return the context in which arrays of `precision` (float32, float64) are placed, compiled for and run.

    It holds for one thread and is set both ways: a float32 program does not depend on the process's setting.
    """
    import jax

    return jax.enable_x64(precision == "float64")
