"""How sharp a minimum is, and what of it survives rescaling.  Lecture: "Flat & sharp minima".

    sharpness = largest eigenvalue of H                     (1)
    trace     = sum_i H_ii                                  (2)
    invariant = sum_i w_i^2 H_ii = E (z w)'H (z w)          (3)   z: random signs

A ReLU layer multiplied by a and the next divided by it are the same function with the same loss, yet (1) and
(2) change without bound (Dinh et al. 2017). (3) does not change: report it beside them. Source of (3):
Tsuzuku et al. 2020, Petzka et al. 2021.
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
    """`value` (1) with its `residual` and unit `vector` [D]; `trace` (2) and `invariant` (3) with standard
    errors.
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
    """Return the sharpness of loss(params, *data) and its invariant companion.

    Up to `dense` parameters all three are exact to rounding; above, Lanczos and `probes` products each.
    Raises UsageError: loss or gradient not finite.
    """
    size = check_parameters(params)
    weights = to_vector(params)
    if size <= min(dense, MAX_DENSE_PARAMETERS) and chunk is None:
        matrix = dense_hessian(loss, params, data)
        spectrum = exact_spectrum(matrix, vectors=True)
        assert spectrum.vectors is not None
        own = np.diagonal(matrix).astype(np.float64)
        rounding = float(np.finfo(matrix.dtype).eps)
        return Sharpness(
            float(spectrum.values[-1]),
            spectrum.tolerance,
            spectrum.vectors[-1],
            Estimate(float(own.sum()), 10 * rounding * float(np.abs(own).sum()), size),
            Estimate(float(weights**2 @ own), 10 * rounding * float(weights**2 @ np.abs(own)), size),
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
    """Return equation (3) from products with the Hessian: `weights` [D] in the order of `to_vector`.

    It is the trace of W H W, W = diag(w), by XTrace. Raises UsageError: as `trace`.
    """
    return trace(operator.congruent(weights), probes, seed=seed)  # (3)
