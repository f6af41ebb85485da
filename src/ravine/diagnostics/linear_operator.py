"""Symmetric linear operators: matrices that are known only by their products with vectors.

A `SymmetricOperator` is the input of all methods that need no dense matrix: Lanczos, traces, densities and
tracking.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from ravine.diagnostics.flatten import Vector
from ravine.diagnostics.jit_cache import per_function
from ravine.errors import UsageError

__all__ = [
    "InLoopSetup", "SymmetricOperator", "TracedOperator", "as_operator", "check_images", "check_symmetric",
]  # fmt: skip

Transform = Callable[[Callable[[Any], Any], Any, Any], Any]
"""Function transform(apply, array, v) that returns the product of a new operator with v.

`apply` multiplies with the old operator. v is [D] or [K, D], in NumPy or traced by JAX. `array` is a
constant of the new operator, such as a diagonal.
"""


@dataclass(frozen=True)
class InLoopSetup:
    """Preparation of an operator inside the compiled loop that uses it, instead of in a separate program.

    prepare      (args, start [D]) -> (point, unit vector [D] from which the loop starts, loss); the point is
                 the network linearized at some weights
    args         first argument of `prepare`
    check_loss   raises UsageError for a loss that is not finite
    has_start    whether `prepare` replaces the start vector by its own

    The linearized network need not be passed from one program to another, and a start vector from a sample of
    the rows saves products. Both together save 30 % of the time in the row "top eigenvalue, 64-64-64-10" of
    `benchmarks/curvature.py`, compared with separate programs and a random start.
    """

    prepare: Callable[[Any, jax.Array], tuple[Any, jax.Array, jax.Array]]
    args: Any
    check_loss: Callable[[jax.Array], None]
    has_start: bool


@dataclass(frozen=True)
class TracedOperator:
    """A symmetric matrix A [D, D], such as a Hessian at some weights, for use inside compiled programs.

    apply     (point, v [D]) -> A v [D]; the same function with another point needs no new compilation
    prepare   () -> point, the arrays that `apply` needs, such as the network linearized at the weights;
              called once, when the point is first needed
    dtype     type of the vectors
    context   () -> context that sets the precision in which JAX compiles and runs
    setup     preparation in the compiled loop of the caller instead of `prepare`; None = `prepare` only
    """

    apply: Callable[[Any, jax.Array], jax.Array]
    prepare: Callable[[], Any]
    dtype: np.dtype[Any]
    context: Callable[[], AbstractContextManager[None]]
    setup: InLoopSetup | None = None

    @cached_property
    def point(self) -> Any:
        """Return the arrays that a product with the matrix needs, prepared on first use.

        An example is the network linearized at the weights.
        """
        return self.prepare()

    def transformed(self, transform: Transform, array: npt.ArrayLike) -> TracedOperator:
        """Return a new operator v [D] -> transform(apply, array, v) [D], made from the products of this one.

        `apply` multiplies by the old matrix. `array` is a constant, such as a diagonal.
        """
        with self.context():
            constant = jnp.asarray(array, self.dtype)
        apply = _transformed(self.apply, transform)
        return TracedOperator(apply, lambda: (self.point, constant), self.dtype, self.context)


@per_function
def _transformed(apply: Callable[..., Any], transform: Transform) -> Callable[..., Any]:
    """Return the product ((point, array), v) -> transform(apply, array, v)."""
    return lambda point, v: transform(lambda u: apply(point[0], u), point[1], v)


def _damp(apply: Callable[[Any], Any], damping: Any, v: Any) -> Any:
    """Return A v + damping v."""
    return apply(v) + damping * v


def _scale(apply: Callable[[Any], Any], diagonal: Any, v: Any) -> Any:
    """Return W A W v with W = diag(diagonal)."""
    return diagonal * apply(diagonal * v)


def _deflate(apply: Callable[[Any], Any], rows: Any, v: Any) -> Any:
    """Return (1 - V'V) A (1 - V'V) v for orthonormal rows V [K, D]."""
    image = apply(v - (v @ rows.T) @ rows)
    return image - (image @ rows.T) @ rows


@dataclass(frozen=True)
class SymmetricOperator:
    """A symmetric matrix A [D, D] that is known by its products with vectors, such as a Hessian.

    apply         v [D] -> A v [D]
    size          D
    epsilon       relative rounding error of a product
    apply_block   vectors [K, D] -> products [K, D]; None if vectors are multiplied one by one
    traced        the same operator for compiled programs, or None

    `operator(v)` and `operator.block(vectors)` return products in float64. They raise UsageError for vectors
    of another size and for products that are not finite. `block` also raises it if the products show that the
    matrix is not symmetric.
    """

    apply: Callable[[Vector], Any]
    size: int
    epsilon: float = float(np.finfo(np.float64).eps)
    apply_block: Callable[[Vector], Any] | None = None
    traced: TracedOperator | None = None

    def __call__(self, vector: npt.ArrayLike) -> Vector:
        v = np.asarray(vector, np.float64)
        if v.shape != (self.size,):
            raise UsageError(
                f"A vector of shape {v.shape} cannot be multiplied by a matrix of size {self.size}.",
                f"The shape must be [{self.size}].",
                "Pass a vector in the order of to_vector(params).",
            )
        return _finite(self.apply(v))

    def block(self, vectors: npt.ArrayLike) -> Vector:
        """Return the products [K, D] of the matrix with the rows of `vectors` [K, D].

        Raises UsageError for vectors of another size, for products that are not finite, and if the products
        show that the matrix is not symmetric.
        """
        rows = np.asarray(vectors, np.float64)
        if rows.ndim != 2 or rows.shape[1] != self.size:
            raise UsageError(
                f"Vectors of shape {rows.shape} cannot be multiplied by a matrix of size {self.size}.",
                f"The shape must be [K, {self.size}].",
                "Pass one vector in each row.",
            )
        if self.apply_block is None or len(rows) < 2:
            return np.stack([self(row) for row in rows]) if len(rows) else np.empty((0, self.size))
        products = _finite(self.apply_block(rows))
        inner = rows @ products.T
        scale = np.outer(np.linalg.norm(rows, axis=1), np.linalg.norm(products, axis=1))
        check_symmetric(float(np.abs(inner - inner.T).max()), float(scale.max()), self.epsilon)
        return products

    def damped(self, damping: float) -> SymmetricOperator:
        """Return the operator A + damping I of this operator A.

        An example of `damping` is the curvature of weight decay.
        """
        return self._transformed(_damp, damping)

    def scaled(self, preconditioner: npt.ArrayLike) -> SymmetricOperator:
        """Return the operator P^(-1/2) A P^(-1/2) of this operator A, for a diagonal matrix P.

        P has the diagonal `preconditioner` [D], for example that of an adaptive optimizer.

        Raises UsageError unless all D entries are finite and above zero.
        """
        diagonal = np.asarray(preconditioner, np.float64)
        if diagonal.shape != (self.size,) or not (np.isfinite(diagonal) & (diagonal > 0)).all():
            raise UsageError(
                f"The preconditioner has the shape {diagonal.shape}, or entries that are not positive.",
                f"It must hold {self.size} finite numbers above zero.",
                "Add the eps of the optimizer, since a weight without gradients has the entry 0.",
            )
        return self.congruent(1 / np.sqrt(diagonal))

    def congruent(self, diagonal: npt.ArrayLike) -> SymmetricOperator:
        """Return the operator W A W of this operator A, for the diagonal matrix W = diag(`diagonal` [D])."""
        return self._transformed(_scale, np.asarray(diagonal, np.float64))

    def outside(self, vectors: npt.ArrayLike) -> SymmetricOperator:
        """Return this operator A with some directions projected out, (1 - V'V) A (1 - V'V).

        V = `vectors` [K, D] are orthonormal rows. Along them the new operator is zero.
        """
        return self._transformed(_deflate, np.asarray(vectors, np.float64).reshape(-1, self.size))

    def _transformed(self, transform: Transform, array: Any) -> SymmetricOperator:
        """Return the operator v -> transform(apply, array, v), for the host and for compiled programs."""

        def on_host(apply: Callable[[Vector], Any]) -> Callable[[Vector], Any]:
            return lambda v: transform(lambda u: np.asarray(apply(u), np.float64), array, v)

        return SymmetricOperator(
            on_host(self.apply),
            self.size,
            self.epsilon,
            None if self.apply_block is None else on_host(self.apply_block),
            self.traced and self.traced.transformed(transform, array),
        )


def as_operator(matrix: npt.ArrayLike) -> SymmetricOperator:
    """Return a dense symmetric matrix [D, D] as an operator that multiplies vectors [D].

    Raises UsageError if the matrix is not square, not symmetric or not finite.
    """
    dense = np.asarray(matrix)
    if dense.ndim != 2 or dense.shape[0] != dense.shape[1] or not dense.size:
        raise UsageError(
            f"A matrix of shape {dense.shape} is no operator.", "It must be square.", "Pass a matrix [D, D]."
        )
    if not np.isfinite(dense).all():
        raise UsageError(
            f"{int((~np.isfinite(dense)).sum())} entries of the matrix are not finite.",
            "All entries must be finite.",
            "Compute the matrix at other weights, or in float64.",
        )
    kind = dense.dtype if dense.dtype.kind == "f" else np.dtype(np.float64)
    wide = dense.astype(np.float64)
    epsilon = float(np.finfo(kind).eps)
    if np.abs(wide - wide.T).max() > 100 * max(len(wide), 10) * epsilon * np.abs(wide).max():
        raise UsageError(
            f"The matrix is not symmetric; it and its transpose differ by {np.abs(wide - wide.T).max():.3g}.",
            "It must be symmetric up to rounding, as a Hessian is.",
            "Pass the symmetric part, (A + A.T) / 2.",
        )
    symmetric = (wide + wide.T) / 2
    return SymmetricOperator(lambda v: symmetric @ v, len(wide), epsilon, lambda v: v @ symmetric)


def _finite(result: Any) -> Vector:
    """Return products in float64, or raise UsageError if they are not finite."""
    products = np.asarray(result, np.float64)
    check_images(products)
    return products


def check_images(products: Vector) -> None:
    """Raise UsageError if products [...] of a matrix with vectors are not finite.

    `products` may also be numbers computed from products.
    """
    if not np.isfinite(products).all():
        raise UsageError(
            "A product with the curvature is not finite.",
            "It must be finite; the second derivatives overflow here, or the loss has none.",
            "Work in float64, or measure at other weights.",
        )


def check_symmetric(difference: float, scale: float, epsilon: float) -> None:
    """Raise UsageError if a matrix differs from its transpose by more than rounding explains.

    difference   largest difference of an entry from its mirrored one, in the matrix or in products V A V'
    scale        size of the entries
    epsilon      relative rounding error

    The check uses products that are known anyway, and detects compiler errors. For example, jaxlib 0.10.2
    sums some batched float32 products wrongly on CPUs (jax issue 39103).
    """
    if difference > np.sqrt(epsilon) * scale:
        raise UsageError(
            f"The curvature matrix differs from its transpose by {difference:.3g}, "
            f"and its entries go up to {scale:.3g}.",
            "A Hessian is symmetric, so the gradient is random or wrong, or the compiler has an error.",
            "Set XLA_FLAGS=--xla_cpu_experimental_ynn_fusion_type= (jaxlib 0.10.2), or correct the loss.",
        )
