"""The training rows of a segment as a compiled program reads them: prepared batches, or a table by index.

Prepared batches are copies of rows in the order of the steps. They suit small data, which are read again by
other runs. Of large data, all seeds share one table on the device. The program then takes the rows of each
step from the table and standardizes them by the training rows of the seed:

    x <- fill                  (1)      where x is missing
    x <- x factor + offset     (2)      factor = 1 / deviation, offset = -mean / deviation
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ravine.training.loop import Rows

__all__ = ["IndexedRows", "RowSource", "batch_at"]


class IndexedRows(NamedTuple):
    """A table of rows, and the indices of the rows of each step.

    x: inputs [N, D] of the data set, shared by all seeds. y, weight: targets and row weights [N] as a network
    of the seed sees them; weight may be None. fill, factor, offset: numbers of the standardization [D]; fill
    is None without missing values. order: indices of rows [steps, B].
    """

    x: Any
    y: Any
    weight: Any
    fill: Any
    factor: Any
    offset: Any
    order: Any


RowSource = Rows | IndexedRows
"""Training rows of some steps: prepared batches x [steps, B, D], or a table with the order of its rows."""


def batch_at(source: RowSource, t: jax.Array) -> Rows:
    """Return the rows of step `t` of a segment, x [B, D]."""
    if isinstance(source, Rows):
        rows: Rows = jax.tree.map(lambda a: a[t], source)
        return rows
    index = source.order[t]
    x, y = _at(source.x, index), _at(source.y, index)
    if source.fill is not None:
        x = jnp.where(jnp.isnan(x), source.fill[None, :], x)  # (1)
    x = x * source.factor[None, :] + source.offset[None, :]  # (2)
    return Rows(x, y, None if source.weight is None else _at(source.weight, index))


def _at(array: jax.Array, index: jax.Array) -> jax.Array:
    """Return the rows `index` of an array. They exist, so that the program need not check."""
    return array.at[index].get(mode="promise_in_bounds")
