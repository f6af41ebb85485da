"""Extreme eigenpairs of a Hessian, from one compiled program.  Lecture: "Flat & sharp minima": curvature.

    start = leading Ritz vector of H_S + NOISE z / |z|   (1)   H_S: Hessian on few rows S; z: random vector

The program linearizes the network and runs the loop of the Lanczos method. If two programs shared the work,
passing the linearization from one to the other would take the time of two products with the Hessian. The
start vector (1) from few rows saves about half of the products with all rows.
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
"""start_of(params, data, unit [D]) -> unit vector [D] from which Lanczos starts; `unit` is random."""

NOISE = 0.3
"""Length of the random vector in (1). The few rows alone may have no curvature in an important direction."""

SAMPLE_PRODUCTS = 5
"""Number of products with H_S, the Hessian on few rows."""


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
    """Return `count` eigenpairs from one end of the spectrum of the Hessian of loss(params, *data) -> [].

    The result is that of lanczos(hessian_operator(loss, params, data), ...), in less time.

    data     arrays [N, ...]
    which    end of the spectrum: "magnitude", "largest" or "smallest"; "both" returns `count` from each end
    sample   number of rows, evenly spaced in `data`, on which a start vector is computed with few products;
             for one eigenpair only. The loss must then be a mean over rows. Products with the Hessian on
             these rows are not counted.
    tol      largest residual relative to the largest |eigenvalue|; default 1e-8 (float64) or 1e-4 (float32)
    steps    largest number of products; default 4 count + 100
    seed     random seed of the start vector
    chunk    rows computed together, which limits the memory
    weigh    weigh(*rows) -> [], the divisor of the mean over rows; by default the number of rows

    Raises UsageError if loss, gradient or products are not finite, and for an option outside its range.
    """
    start_of = None
    if sample is not None:
        if count > 1 or which == "both":
            raise UsageError(
                f"`sample` cannot be used for {2 * count if which == 'both' else count} eigenpairs.",
                "It is the number of rows from which a start vector for one eigenpair is computed.",
                "Leave out `sample`, or pass count=1 and one end, for example which='largest'.",
            )
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
    """Return the `prepare` of an `InLoopSetup`: (args, unit [D]) -> (point, start vector [D], loss)."""

    def prepared(args: tuple[Params, tuple[Any, ...]], unit: jax.Array) -> tuple[Any, jax.Array, jax.Array]:
        point, (value, _) = prepare(*args)  # JAX removes the norm of the gradient, half as costly as the rest
        return point, unit if start_of is None else start_of(*args, unit), value

    return prepared


@per_function
def _start_of_sample(loss: Loss, rows: int, end: int) -> StartOf:
    """Return the function that computes the start vector (1) from `rows` rows, for one `end`.

    `end` is the end of the spectrum, as in `StopCriterion`.
    """
    programs = hessian_programs(loss, None, None)

    def start_of(params: Params, data: tuple[Any, ...], unit: jax.Array) -> jax.Array:
        sample = jax.tree.map(lambda array: array[np.arange(rows) * array.shape[0] // rows], data)
        point, _ = programs.traced_prepare(params, sample)
        ritz_vector = sample_start(programs.traced_apply, point, unit, min(SAMPLE_PRODUCTS, unit.size), end)
        length = jnp.linalg.norm(ritz_vector)
        start = ritz_vector / jnp.where(length > 0, length, 1) + NOISE * unit  # (1)
        start = start / jnp.linalg.norm(start)
        return jnp.where(jnp.isfinite(start).all(), start, unit)

    return start_of
