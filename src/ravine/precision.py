"""Working in float32 or float64, and in no less. JAX turns float64 arrays into float32 without a word unless
told not to, and on a GPU multiplies float32 matrices with factors of 10 bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["precision_context"]


@contextmanager
def precision_context(precision: str) -> Iterator[None]:
    """Return the context in which arrays of `precision` (float32, float64) are placed, compiled for and run.

    It holds for one thread and is set both ways: a float32 program does not depend on the process's setting.
    On a GPU products of float32 matrices are in float32, unless JAX_DEFAULT_MATMUL_PRECISION says otherwise.
    """
    import jax

    with jax.enable_x64(precision == "float64"):
        if jax.default_backend() == "cpu" or jax.config.values["jax_default_matmul_precision"] is not None:
            yield
        else:
            with jax.default_matmul_precision("float32"):
                yield
