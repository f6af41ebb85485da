"""A context in which JAX computes in float32 or in float64, also in products of matrices on a GPU.

By default JAX converts float64 arrays to float32 silently. On a GPU it also rounds the factors of float32
matrix products to 10 bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["precision_context"]


@contextmanager
def precision_context(precision: str) -> Iterator[None]:
    """Return a context in which JAX compiles and runs programs in `precision`, "float32" or "float64".

    The choice holds for the current thread, whether or not the process has enabled 64-bit numbers in JAX. On
    a GPU, products of float32 matrices are also computed in float32, unless JAX_DEFAULT_MATMUL_PRECISION is
    set.
    """
    import jax

    with jax.enable_x64(precision == "float64"):
        if jax.default_backend() == "cpu" or jax.config.values["jax_default_matmul_precision"] is not None:
            yield
        else:
            with jax.default_matmul_precision("float32"):
                yield
