"""The question whether a traced function decomposes matrices.

On a CPU, two programs that do so can wait for each other without end, so they must not run side by side.
"""

from __future__ import annotations

import re

__all__ = ["calls_lapack"]

PRIMITIVES = re.compile(
    r"\b(cholesky|eig|eigh|geqrf|householder_product|lu|qr|schur|svd|triangular_solve|tridiagonal)\b"
)
"""Names of JAX primitives that decompose matrices."""


def calls_lapack(traced: object) -> bool:
    """Return whether a traced function, such as the result of `jax.make_jaxpr`, decomposes matrices."""
    return PRIMITIVES.search(str(traced)) is not None
