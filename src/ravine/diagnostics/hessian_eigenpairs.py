"""The ends of a Hessian's spectrum, from one compiled program.  Lecture: "Flat & sharp minima": curvature.

    start = leading Ritz vector of H_S + NOISE z / |z|   (1)   H_S: of a few rows S; z: random

The network linearized at the parameters goes straight into the loop of `lanczos`: handed from one program to
the next it costs as much as two products. A start from few rows saves about half of the products with all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine.diagnostics.chunked_mean import chunk_size
from ravine.diagnostics.flatten import Params
from ravine.diagnostics.hessian import Loss, check_finite, hessian_programs, operator_of
from ravine.diagnostics.jit_cache import per_function
from ravine.diagnostics.lanczos import ENDS, Eigenpairs, Which, lanczos
from ravine.diagnostics.lanczos_loop import sample_start
from ravine.diagnostics.linear_operator import InLoopSetup
from ravine.errors import UsageError

__all__ = ["hessian_eigenpairs"]

StartOf = Callable[[Params, tuple[Any, ...], jax.Array], jax.Array]
"""start_of(params, data, unit [D]) -> the unit vector to start from [D]."""

NOISE = 0.3
"""Length of a random direction in a start: the rows S may lack a direction."""

SAMPLE_PRODUCTS = 5
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

    As lanczos(hessian_operator(loss, params, data), ...), sooner. `sample`: rows of `data` [N, ...], evenly
    spaced, that the start for one pair is made from, equation (1), by products not counted in `products`;
    the loss must then be a mean over rows. Raises UsageError: loss or products not finite, a bad option.
    """
    start_of = None
    if sample is not None:
        if count > 1 or which == "both":
            raise UsageError("A sample gives a start for one eigenpair.", "", "Leave `sample` out for more.")
        if (rows := chunk_size(sample, data, "sample")) is not None and which in tuple(ENDS):
            start_of = _start_of_sample(loss, rows, ENDS[which])
    programs = hessian_programs(loss, chunk_size(chunk, data), weigh)
    setup = InLoopSetup(
        _in_loop(programs.traced_prepare, start_of),
        (params, data),
        lambda loss: check_finite(float(loss)),
        start_of is not None,
    )
    operator = operator_of(programs, params, data, setup=setup)
    return lanczos(operator, count, which, tol=tol, steps=steps, seed=seed)


@per_function
def _in_loop(prepare: Callable[..., Any], start_of: StartOf | None) -> Callable[..., Any]:
    def prepared(args: tuple[Params, tuple[Any, ...]], unit: jax.Array) -> tuple[Any, jax.Array, jax.Array]:
        point, (value, _) = prepare(*args)  # the norm of the gradient costs half as much as the rest
        return point, unit if start_of is None else start_of(*args, unit), value

    return prepared


@per_function
def _start_of_sample(loss: Loss, rows: int, end: int) -> StartOf:
    programs = hessian_programs(loss, None, None)

    def start_of(params: Params, data: tuple[Any, ...], unit: jax.Array) -> jax.Array:
        sample = jax.tree.map(lambda array: array[np.arange(rows) * array.shape[0] // rows], data)
        point, _ = programs.traced_prepare(params, sample)
        found = sample_start(programs.traced_apply, point, unit, min(SAMPLE_PRODUCTS, unit.size), end)
        length = jnp.linalg.norm(found)
        start = found / jnp.where(length > 0, length, 1) + NOISE * unit  # (1)
        start = start / jnp.linalg.norm(start)
        return jnp.where(jnp.isfinite(start).all(), start, unit)

    return start_of
