"""Sharpness of a minimum, and a measure of it that rescaling of the weights does not change.

    sharpness = largest eigenvalue of H                     (1)   H: Hessian of the loss
    trace     = sum_i H_ii                                  (2)
    invariant = sum_i w_i^2 H_ii = E (z w)'H (z w)          (3)   z: random signs, w: weights

Multiply one ReLU layer by a and divide the next layer by a: function and loss stay the same, but (1) and (2)
can take any size. (3) does not change. Report it together with (1) and (2).

Lecture: "Flat & sharp minima".  Source: Dinh et al. 2017 for the rescaling; Tsuzuku et al. 2020 and
Petzka et al. 2021 (3).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

from ravine.diagnostics.dense_hessian import MAX_DENSE_PARAMETERS, dense_hessian, exact_spectrum
from ravine.diagnostics.flatten import Params, Vector, check_parameters, to_vector
from ravine.diagnostics.hessian import hessian_operator
from ravine.diagnostics.lanczos import lanczos
from ravine.diagnostics.linear_operator import SymmetricOperator
from ravine.diagnostics.trace_estimation import Estimate, trace

__all__ = ["Sharpness", "invariant_sharpness", "sharpness"]


class Sharpness(NamedTuple):
    """Sharpness of a loss at some weights w: measures of the Hessian H there.

    value, residual   largest eigenvalue of H, and the bound on its error
    vector [D]        unit eigenvector of the largest eigenvalue
    trace             trace of H, with its standard error
    invariant         sum_i w_i^2 H_ii, which rescaling of ReLU layers does not change, with its standard
                      error
    """

    value: float
    residual: float
    vector: Vector
    trace: Estimate
    invariant: Estimate


def sharpness(
    loss: Callable[..., jax.Array],
    params: Params,
    data: tuple[Any, ...] = (),
    *,
    chunk: int | None = None,
    probes: int = 64,
    dense: int = 1000,
    seed: int = 0,
) -> Sharpness:
    """Return the sharpness of loss(params, *data) -> [] at `params`: measures of the Hessian H there.

    The measures are the largest eigenvalue, the trace, and the invariant sharpness sum_i w_i^2 H_ii, which
    rescaling of ReLU layers does not change.

    chunk    rows computed together; None: all rows
    probes   number of products with H for each of trace and invariant sharpness
    dense    number of parameters, at most 3000, up to which the Hessian is a dense matrix and all results
             are exact up to rounding
    seed     random seed of the vectors in the products

    Above `dense` parameters, or with `chunk`, Lanczos computes the largest eigenvalue, and XTrace the others.

    Raises UsageError if loss or gradient are not finite.
    """
    size = check_parameters(params)
    weights = to_vector(params)
    if size <= min(dense, MAX_DENSE_PARAMETERS) and chunk is None:
        matrix = dense_hessian(loss, params, data)
        spectrum = exact_spectrum(matrix, vectors=True)
        assert spectrum.vectors is not None
        diagonal = np.diagonal(matrix).astype(np.float64)
        rounding = float(np.finfo(matrix.dtype).eps)
        trace_error = 10 * rounding * float(np.abs(diagonal).sum())
        invariant_error = 10 * rounding * float(weights**2 @ np.abs(diagonal))
        return Sharpness(
            float(spectrum.values[-1]),  # (1)
            spectrum.tolerance,
            spectrum.vectors[-1],
            Estimate(float(diagonal.sum()), trace_error, size),  # (2)
            Estimate(float(weights**2 @ diagonal), invariant_error, size),  # (3)
        )
    operator = hessian_operator(loss, params, data, chunk=chunk)
    top = lanczos(operator, 1, "largest", seed=seed)[0]
    return Sharpness(
        top.value,
        top.residual,
        top.vector,
        trace(operator, probes, seed=seed),
        invariant_sharpness(operator, weights, probes, seed=seed),
    )


def invariant_sharpness(
    operator: SymmetricOperator, weights: Vector, probes: int = 64, *, seed: int = 0
) -> Estimate:
    """Return the invariant sharpness sum_i w_i^2 H_ii, with its standard error.

    H is the Hessian of a loss at the weights w. Rescaling of ReLU layers does not change the invariant
    sharpness. It is the trace of W H W with W = diag(w), computed by XTrace.

    operator       Hessian
    weights [D]    w in the order of `to_vector`
    probes         number of products
    seed           random seed of the products

    Raises UsageError for fewer than 4 products.
    """
    return trace(operator.congruent(weights), probes, seed=seed)  # (3)
