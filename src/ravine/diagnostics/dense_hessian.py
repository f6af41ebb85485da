"""Hessian of a small network as a dense matrix, and all its eigenvalues.  Lecture: "Flat & sharp minima".

    tolerance = max(D, 100) * eps * max |lambda|                         (1)   eps: rounding of an entry
    index     = number of lambda < -tolerance                            (2)   directions downhill
    nullity   = number of |lambda| <= tolerance                          (3)   flat directions

lambda are the eigenvalues, and D is the number of parameters. The matrix takes D products with vectors in one
compiled program. Up to about D = 3,000 parameters, its eigenvalues take seconds.
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
"""Largest number of parameters for a dense matrix."""

COLUMNS_AT_ONCE = 64
"""Columns of the matrix that are computed together."""


@dataclass(frozen=True)
class ExactSpectrum:
    """All eigenvalues of a symmetric matrix [D, D], with their rounding error.

    values [D]        eigenvalues, ascending
    tolerance         size up to which an eigenvalue counts as zero, and bound on the rounding error of each:
                      max(D, 100) * eps * max |eigenvalue|, with eps the relative rounding error of the
                      entries
    vectors [D, D]    unit eigenvectors, one in each row; None if they were not computed
    """

    values: Vector
    tolerance: float
    vectors: Vector | None = None

    @property
    def error(self) -> float:
        """Return a bound on the rounding error of every eigenvalue, which is equal to the tolerance."""
        return self.tolerance

    @property
    def index(self) -> int:
        """Return the number of negative eigenvalues, those below minus the tolerance."""
        return int((self.values < -self.tolerance).sum())  # (2)

    @property
    def nullity(self) -> int:
        """Return the number of eigenvalues that are zero within rounding, at most the tolerance in size."""
        return int((np.abs(self.values) <= self.tolerance).sum())  # (3)

    @property
    def positive(self) -> int:
        """Return the number of positive eigenvalues, those above the tolerance."""
        return len(self.values) - self.index - self.nullity


def hessian_matrix(loss: Callable[..., jax.Array], params: Params, *data: Any) -> jax.Array:
    """Return the Hessian of loss(params, *data) -> [] in the parameters, as a symmetric matrix [D, D].

    The function can be traced inside jit, vmap and scan. Rows and columns are in the order of `to_vector`,
    leaf after leaf.
    """
    return _symmetric(_columns(hessian_matvec(loss, params, *data), params))


def gauss_newton_matrix(
    outputs: Callable[..., jax.Array], params: Params, inputs: Any, loss: OutputLoss = "cross_entropy"
) -> jax.Array:
    """Return the Gauss-Newton matrix of the mean loss over rows, as a symmetric matrix [D, D].

    outputs   outputs(params, inputs) -> [N, K]; for "cross_entropy", before the softmax
    params    pytree of float arrays
    inputs    inputs of the network, [N, ...]
    loss      loss as a function of the outputs: "cross_entropy" or "squared_error"

    The function can be traced inside jit, vmap and scan.
    """
    return _symmetric(_columns(gauss_newton_matvec(outputs, params, inputs, loss), params))


def dense_hessian(
    loss: Callable[..., jax.Array], params: Params, data: tuple[Any, ...] = ()
) -> npt.NDArray[Any]:
    """Return the Hessian of loss(params, *data) -> [] in the parameters, as a symmetric matrix [D, D].

    The program is compiled, and kept for the next call with the same loss.

    Raises UsageError if loss, gradient or Hessian are not finite, if the Hessian is not symmetric, and for
    more than 3,000 parameters (`MAX_DENSE_PARAMETERS`).
    """
    _check_size(check_parameters(params))
    with precision_of(params):
        matrix, value, slope = _hessian_program(loss)(params, data)
        check_finite(float(value), float(slope))
    return _checked(matrix)


def dense_gauss_newton(
    outputs: Callable[..., jax.Array], params: Params, inputs: Any, loss: OutputLoss = "cross_entropy"
) -> npt.NDArray[Any]:
    """Return the Gauss-Newton matrix of the mean loss over rows, as a symmetric matrix [D, D].

    outputs   outputs(params, inputs) -> [N, K]; for "cross_entropy", before the softmax
    params    pytree of float arrays
    inputs    inputs of the network, [N, ...]
    loss      loss as a function of the outputs: "cross_entropy" or "squared_error"

    Raises UsageError if the matrix is not finite or not symmetric, and for more than 3,000 parameters
    (`MAX_DENSE_PARAMETERS`).
    """
    _check_size(check_parameters(params))
    with precision_of(params):
        return _checked(_gauss_newton_program(outputs, loss)(params, inputs))


def exact_spectrum(
    matrix: npt.ArrayLike, *, vectors: bool = False, epsilon: float | None = None
) -> ExactSpectrum:
    """Return all eigenvalues of a symmetric matrix [D, D], computed in float64.

    vectors    whether to compute the eigenvectors too
    epsilon    relative rounding error of the entries, which sets the size up to which an eigenvalue counts as
               zero; by default that of the dtype of the matrix

    Raises UsageError if the matrix is not square or not finite.
    """
    array = np.asarray(matrix)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or not array.size:
        raise UsageError(
            f"A matrix of shape {array.shape} has no eigenvalues.",
            "It must be square, [D, D].",
            "Pass the result of dense_hessian or dense_gauss_newton.",
        )
    if not np.isfinite(array).all():
        raise UsageError(
            f"{int((~np.isfinite(array)).sum())} entries of the matrix are not finite.",
            "All entries must be finite.",
            "Compute the matrix at other weights, or in float64.",
        )
    kind = array.dtype if array.dtype.kind == "f" else np.dtype(np.float64)
    wide = array.astype(np.float64)
    symmetric = (wide + wide.T) / 2
    rows = None
    if vectors:
        values, columns = np.linalg.eigh(symmetric)
        rows = np.ascontiguousarray(columns.T)
    else:
        values = np.asarray(np.linalg.eigvalsh(symmetric), np.float64)
    rounding = float(np.finfo(kind).eps) if epsilon is None else float(epsilon)
    return ExactSpectrum(values, max(len(values), 100) * rounding * float(np.abs(values).max()), rows)  # (1)


def _columns(matvec: Callable[[jax.Array], jax.Array], params: Params) -> jax.Array:
    """Return the matrix A [D, D] of the function v [D] -> A v [D], from products with the unit vectors."""
    flat = ravel_pytree(params)[0]
    unit = jnp.eye(flat.size, dtype=flat.dtype)
    return jax.lax.map(matvec, unit, batch_size=min(COLUMNS_AT_ONCE, flat.size))


def _symmetric(matrix: jax.Array) -> jax.Array:
    return (matrix + matrix.T) / 2


@per_function
def _hessian_program(loss: Callable[..., jax.Array]) -> Callable[..., Any]:
    """Return the compiled program (params, data) -> (Hessian [D, D], loss, norm of the gradient)."""

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
    """Return `matrix` [D, D], made exactly symmetric.

    Raises UsageError if the matrix is not finite, or asymmetric by more than rounding.
    """
    entries = np.asarray(matrix)
    if not np.isfinite(entries).all():
        raise UsageError(
            "The curvature is not finite at these parameters.",
            "The second derivatives overflow here, or the loss has none.",
            "Work in float64, or measure at other weights.",
        )
    epsilon = float(np.finfo(entries.dtype).eps)
    check_symmetric(float(np.abs(entries - entries.T).max()), float(np.abs(entries).max()), epsilon)
    return (entries + entries.T) / 2


def _check_size(size: int) -> None:
    """Raise UsageError for too many parameters."""
    if size > MAX_DENSE_PARAMETERS:
        raise UsageError(
            f"{size} parameters are too many for a dense matrix of second derivatives.",
            f"At most {MAX_DENSE_PARAMETERS} are allowed; beyond that, the eigenvalues take minutes.",
            "Use hessian_operator and lanczos.",
        )
