"""The ends of a Hessian's spectrum, worked out in one program.  Lecture: "Flat & sharp minima": curvature.

    start = leading Ritz vector of H_S + NOISE z / |z|   (1)   H_S: of a few rows S; z: random

What is linearised at the parameters goes straight into the loop of `lanczos`: handed from one program to the
next it costs as much as two products. A start from few rows saves about half of the products with all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine.diagnostics.chunks import chunk_size
from ravine.diagnostics.compiled import per_function
from ravine.diagnostics.lanczos import ENDS, Eigenpairs, Which, lanczos
from ravine.diagnostics.products import Lead, Loss, opening_hessian, plain_hessian
from ravine.diagnostics.recurrence_loop import led_start
from ravine.diagnostics.vectors import Params
from ravine.errors import UsageError

__all__ = ["hessian_eigenpairs"]

NOISE = 0.3
"""Length of a random direction in a start, for what the rows S lack."""

PRODUCTS = 5
"""Products with H_S."""


def hessian_eigenpairs(
    loss: Loss,
    params: Params,
    data: tuple[Any, ...] = (),
    count: int = 1,
    which: Which = "magnitude",
    *,
    sample: int | None = None,
    tol: float | None = None,
    steps: int | None = None,
    seed: int = 0,
    chunk: int | None = None,
    weigh: Callable[..., jax.Array] | None = None,
) -> Eigenpairs:
    """Return `count` eigenpairs from one end of the Hessian of loss(params, *data) -> [].

    As lanczos(hessian_product(loss, params, data), ...), sooner. `sample`: rows of `data` [N, ...], evenly
    spaced, that the start for one pair is made from, equation (1), by products not counted in `products`;
    the loss must then be a mean over rows. Raises UsageError: loss or products not finite, a bad option.
    """
    lead = None
    if sample is not None:
        if count > 1 or which == "both":
            raise UsageError("A sample gives a start for one eigenpair.", "", "Leave `sample` out for more.")
        if (rows := chunk_size(sample, data, "sample")) is not None and which in tuple(ENDS):
            lead = _lead(loss, rows, ENDS[which])
    product = opening_hessian(loss, params, data, chunk=chunk, weigh=weigh, lead=lead)
    return lanczos(product, count, which, tol=tol, steps=steps, seed=seed)


@per_function
def _lead(loss: Loss, rows: int, end: int) -> Lead:
    prepare, apply = plain_hessian(loss)

    def lead(params: Params, data: tuple[Any, ...], unit: jax.Array) -> jax.Array:
        few = jax.tree.map(lambda each: each[np.arange(rows) * each.shape[0] // rows], data)
        point, _ = prepare(params, few)
        found = led_start(apply, point, unit, min(PRODUCTS, unit.size), end)
        length = jnp.linalg.norm(found)
        start = found / jnp.where(length > 0, length, 1) + NOISE * unit  # (1)
        start = start / jnp.linalg.norm(start)
        return jnp.where(jnp.isfinite(start).all(), start, unit)

    return lead
