"""The whole Hessian of a small network, and its exact counts.  Lecture: "Flat & sharp minima", saddle points.

    tolerance = max(D, 100) * eps * max |lambda|                         (1)   eps: rounding
    index     = number of lambda < -tolerance                            (2)
    nullity   = number of |lambda| <= tolerance                          (3)

Below some 3,000 parameters the matrix costs D products in one compiled program and its eigenvalues seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax.flatten_util import ravel_pytree

from ravine.diagnostics.flatten import Params, Vector, check_parameters, precision_of
from ravine.diagnostics.hessian import OutputLoss, check_finite, gauss_newton_matvec, hessian_matvec
from ravine.diagnostics.jit_cache import per_function
from ravine.diagnostics.linear_operator import check_symmetric
from ravine.errors import UsageError

__all__ = [
    "MAX_DENSE_PARAMETERS",
    "ExactSpectrum",
    "dense_gauss_newton",
    "dense_hessian",
    "exact_spectrum",
    "gauss_newton_matrix",
    "hessian_matrix",
]

MAX_DENSE_PARAMETERS = 3000
"""Parameters up to which the whole matrix is made."""

COLUMNS_AT_ONCE = 64
"""Columns of the matrix worked out side by side."""


@dataclass(frozen=True)
class ExactSpectrum:
    """All eigenvalues [D], ascending, with what counts as zero.

    `error`: a bound on each eigenvalue's rounding error, which is the `tolerance` of equation (1). `vectors`
    [D, D], one row an eigenvector, where asked for.
    """

    values: Vector
    tolerance: float
    vectors: Vector | None = None

    @property
    def error(self) -> float:
        """The rounding error of each eigenvalue."""
        return self.tolerance

    @property
    def index(self) -> int:
        """Eigenvalues below zero: directions that lead down."""
        return int((self.values < -self.tolerance).sum())  # (2)

    @property
    def nullity(self) -> int:
        """Eigenvalues that are zero: flat directions."""
        return int((np.abs(self.values) <= self.tolerance).sum())  # (3)

    @property
    def positive(self) -> int:
        """Eigenvalues above zero."""
        return len(self.values) - self.index - self.nullity


def hessian_matrix(loss: Callable[..., jax.Array], params: Params, *data: Any) -> jax.Array:
    """Return the Hessian of loss(params, *data): [D, D]. Traceable: for use inside jit, vmap and scan."""
    return _symmetric(_columns(hessian_matvec(loss, params, *data), params))


def gauss_newton_matrix(
    outputs: Callable[..., jax.Array], params: Params, inputs: Any, loss: OutputLoss = "cross_entropy"
) -> jax.Array:
    """Return the Gauss-Newton matrix of the mean loss over rows: [D, D]. Traceable."""
    return _symmetric(_columns(gauss_newton_matvec(outputs, params, inputs, loss), params))


def dense_hessian(
    loss: Callable[..., jax.Array], params: Params, data: tuple[Any, ...] = ()
) -> npt.NDArray[Any]:
    """Return the Hessian of loss(params, *data): [D, D], one compiled program, kept for the next call.

    Raises UsageError: loss or gradient not finite, more than MAX_DENSE_PARAMETERS parameters.
    """
    _check_size(check_parameters(params))
    with precision_of(params):
        matrix, value, slope = _hessian_program(loss)(params, data)
        check_finite(float(value), float(slope))
    return _checked(matrix)


def dense_gauss_newton(
    outputs: Callable[..., jax.Array], params: Params, inputs: Any, loss: OutputLoss = "cross_entropy"
) -> npt.NDArray[Any]:
    """Return the Gauss-Newton matrix: [D, D]; outputs(params, inputs) -> [N, K].

    Raises as `dense_hessian`.
    """
    _check_size(check_parameters(params))
    with precision_of(params):
        return _checked(_gauss_newton_program(outputs, loss)(params, inputs))


def exact_spectrum(
    matrix: npt.ArrayLike, *, vectors: bool = False, epsilon: float | None = None
) -> ExactSpectrum:
    """Return all eigenvalues of a symmetric matrix [D, D], worked out in float64.

    `epsilon`: rounding of the entries, by default that of the matrix's dtype. Raises UsageError: not square,
    not finite.
    """
    given = np.asarray(matrix)
    if given.ndim != 2 or given.shape[0] != given.shape[1] or not given.size:
        raise UsageError(f"A matrix of shape {given.shape} is not square.", "", "Pass [D, D].")
    if not np.isfinite(given).all():
        raise UsageError("The matrix holds values that are not finite.", "", "Measure at another point.")
    kind = given.dtype if given.dtype.kind == "f" else np.dtype(np.float64)
    wide = given.astype(np.float64)
    symmetric = (wide + wide.T) / 2
    rows = None
    if vectors:
        found, columns = np.linalg.eigh(symmetric)
        rows = np.ascontiguousarray(columns.T)
    else:
        found = np.asarray(np.linalg.eigvalsh(symmetric), np.float64)
    rounding = float(np.finfo(kind).eps) if epsilon is None else float(epsilon)
    return ExactSpectrum(found, max(len(found), 100) * rounding * float(np.abs(found).max()), rows)  # (1)


def _columns(matvec: Callable[[jax.Array], jax.Array], params: Params) -> jax.Array:
    flat = ravel_pytree(params)[0]
    unit = jnp.eye(flat.size, dtype=flat.dtype)
    return jax.lax.map(matvec, unit, batch_size=min(COLUMNS_AT_ONCE, flat.size))


def _symmetric(matrix: jax.Array) -> jax.Array:
    return (matrix + matrix.T) / 2


@per_function
def _hessian_program(loss: Callable[..., jax.Array]) -> Callable[..., Any]:
    def program(params: Params, data: tuple[Any, ...]) -> tuple[jax.Array, jax.Array, jax.Array]:
        value, gradient = jax.value_and_grad(lambda p: loss(p, *data))(params)
        matrix = _columns(hessian_matvec(loss, params, *data), params)
        return matrix, value, jnp.linalg.norm(ravel_pytree(gradient)[0])

    return jax.jit(program)


@per_function
def _gauss_newton_program(outputs: Callable[..., jax.Array], loss: OutputLoss) -> Callable[..., Any]:
    return jax.jit(
        lambda params, inputs: _columns(gauss_newton_matvec(outputs, params, inputs, loss), params)
    )


def _checked(matrix: jax.Array) -> npt.NDArray[Any]:
    found = np.asarray(matrix)
    if not np.isfinite(found).all():
        raise UsageError(
            "The curvature is not finite at these parameters.",
            "The second derivatives overflow here, or the loss has none.",
            "Work in float64, or measure at another point.",
        )
    epsilon = float(np.finfo(found.dtype).eps)
    check_symmetric(float(np.abs(found - found.T).max()), float(np.abs(found).max()), epsilon)
    return (found + found.T) / 2


def _check_size(size: int) -> None:
    if size > MAX_DENSE_PARAMETERS:
        raise UsageError(
            f"{size} parameters are too many for the whole matrix.",
            f"It is made up to {MAX_DENSE_PARAMETERS}: beyond, its eigenvalues take minutes.",
            "Use hessian_operator and lanczos.",
        )
