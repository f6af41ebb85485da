"""A mean over more rows than fit, worked out a chunk at a time inside one compiled program.

    mean = sum_c n_c mean_c / sum_c n_c        (1)   over chunks c of n_c rows

A sum of the chunks' means would make every eigenvalue grow with their number.
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
    """Return mean(*data) worked out `chunk` rows at a time, equation (1).

    For use inside compiled programs.
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
    return jax.tree.map(jnp.add, a, b)


def _rows(data: Any, index: int) -> Any:
    return jax.tree.map(lambda a: a[index], data)


def chunk_size(chunk: int | None, data: tuple[Any, ...], what: str = "chunk") -> int | None:
    """Return the rows of a chunk, or of `what` is asked for, None for all at once.

    Raises UsageError: none, no number, data of different lengths.
    """
    if chunk is None:
        return None
    if not isinstance(chunk, int | np.integer) or chunk < 1:
        raise UsageError(f"A {what} of {chunk} rows holds nothing.", "", "Pass a whole number, 1 or more.")
    rows = {int(np.shape(each)[0]) if np.ndim(each) else -1 for each in jax.tree.leaves(data)}
    if len(rows) != 1 or -1 in rows:
        raise UsageError(
            f"Data in {what}s need arrays with the same number of rows.",
            f"Found {sorted(rows) if rows else 'none'}.",
            f"Pass data=(x, y), each [N, ...], or leave `{what}` out.",
        )
    return None if chunk >= rows.pop() else chunk
