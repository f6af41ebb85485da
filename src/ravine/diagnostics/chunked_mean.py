"""Mean over more rows than fit into memory, computed chunk by chunk inside one compiled program.

    mean = sum_c m_c mean_c / sum_c m_c        (1)   m_c: number of rows of chunk c, or sum of their weights

mean_c is the mean over the rows of chunk c, for example of a loss or of a product with the Hessian. A sum of
these means without the division in (1) would multiply a Hessian, and with it every eigenvalue, by the number
of chunks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine.errors import UsageError

__all__ = ["chunk_size", "chunked_mean"]


def chunked_mean(
    mean: Callable[..., Any],
    data: tuple[Any, ...],
    chunk: int | None,
    weigh: Callable[..., jax.Array] | None = None,
) -> Any:
    """Return the mean over all rows of `data`, computed by the function `mean` from a few rows at a time.

    mean     function of rows that returns their mean, a number, an array or a tree of them
    data     arrays [N, ...], the arguments of `mean`
    chunk    rows per chunk; None takes all rows at once
    weigh    weigh(*rows) -> [], the divisor of the mean over these rows; by default their number

    The means of the chunks are averaged with the divisors as weights. The function can be traced by JAX, for
    use inside compiled programs.
    """
    if chunk is None or chunk >= jax.tree.leaves(data)[0].shape[0]:
        return mean(*data)
    whole = jax.tree.leaves(data)[0].shape[0] // chunk

    def mass(rows: tuple[Any, ...]) -> Any:
        return jax.tree.leaves(rows)[0].shape[0] if weigh is None else weigh(*rows)

    def weighted(rows: tuple[Any, ...]) -> tuple[Any, jax.Array]:
        share = mass(rows)
        means = mean(*rows)
        return jax.tree.map(lambda m: m * jnp.asarray(share, m.dtype), means), jnp.asarray(share, float)

    head = jax.tree.map(lambda a: a[: whole * chunk].reshape(whole, chunk, *a.shape[1:]), data)
    first = jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), jax.eval_shape(weighted, _rows(head, 0)))
    totals, _ = jax.lax.scan(lambda sums, rows: (_added(sums, weighted(rows)), None), first, head)
    rest = jax.tree.map(lambda a: a[whole * chunk :], data)
    if jax.tree.leaves(rest)[0].shape[0]:
        totals = _added(totals, weighted(rest))
    sums, masses = totals
    return jax.tree.map(lambda s: s / masses.astype(s.dtype), sums)  # (1)


def _added(a: Any, b: Any) -> Any:
    """Return a + b, leaf by leaf."""
    return jax.tree.map(jnp.add, a, b)


def _rows(data: Any, index: int) -> Any:
    """Return chunk `index` of `data`, arrays [chunk, row, ...]."""
    return jax.tree.map(lambda a: a[index], data)


def chunk_size(chunk: int | None, data: tuple[Any, ...], what: str = "chunk") -> int | None:
    """Return the rows per chunk, or None if one chunk holds all rows of `data` (arrays [N, ...]).

    chunk   requested number of rows per chunk; None = all rows
    what    name of the option for `chunk` in messages

    Raises UsageError if `chunk` is not an integer of at least 1, and if the arrays do not have the same
    number of rows.
    """
    if chunk is None:
        return None
    if not isinstance(chunk, int | np.integer) or chunk < 1:
        raise UsageError(
            f"A {what} of {chunk} rows is not possible.",
            "It must be an integer of at least 1.",
            f"Pass for example {what}=256.",
        )
    rows = {int(np.shape(leaf)[0]) if np.ndim(leaf) else -1 for leaf in jax.tree.leaves(data)}
    if len(rows) != 1 or -1 in rows:
        shapes = ", ".join(str(np.shape(leaf)) for leaf in jax.tree.leaves(data)) or "no arrays"
        raise UsageError(
            f"The data have the shapes {shapes}.",
            f"With `{what}` all arrays need the same number of rows, [N, ...].",
            f"Pass data=(x, y) with N rows each, or leave out `{what}`.",
        )
    return None if chunk >= rows.pop() else chunk
