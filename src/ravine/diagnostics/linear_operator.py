"""Symmetric linear operators: matrices known by their products with vectors.

Lanczos, traces, densities and tracking need products only. Each of them takes a `SymmetricOperator`.
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
"""transform(apply, array, v) -> the product of another operator; v [D] or [K, D], NumPy or traced."""


@dataclass(frozen=True)
class InLoopSetup:
    """Preparation of an operator inside the compiled loop that uses it.

    prepare(args, start [D]) -> (point, unit vector to start from [D], loss). check_loss(loss) raises
    UsageError for a loss that is not finite. `has_start`: the unit vector is not the start that was given.

    The linearized network goes straight into the loop, and a start from a sample of the rows saves products.
    Together they save 30 % on the row "top eigenvalue, 64-64-64-10" of `benchmarks/curvature.py`.
    """

    prepare: Callable[[Any, jax.Array], tuple[Any, jax.Array, jax.Array]]
    args: Any
    check_loss: Callable[[jax.Array], None]
    has_start: bool


@dataclass(frozen=True)
class TracedOperator:
    """An operator for use inside compiled programs: apply(point, v [D]) -> A v [D], v of `dtype`.

    The same `apply` with another point compiles nothing. prepare() -> point, called once, on first use.
    `context`: the precision to compile and run in. `setup`: how a compiled loop prepares the point itself.
    """

    apply: Callable[[Any, jax.Array], jax.Array]
    prepare: Callable[[], Any]
    dtype: np.dtype[Any]
    context: Callable[[], AbstractContextManager[None]]
    setup: InLoopSetup | None = None

    @cached_property
    def point(self) -> Any:
        return self.prepare()

    def transformed(self, transform: Transform, array: npt.ArrayLike) -> TracedOperator:
        """Return the operator v -> transform(apply, array, v)."""
        with self.context():
            constant = jnp.asarray(array, self.dtype)
        apply = _transformed(self.apply, transform)
        return TracedOperator(apply, lambda: (self.point, constant), self.dtype, self.context)


@per_function
def _transformed(apply: Callable[..., Any], transform: Transform) -> Callable[..., Any]:
    return lambda point, v: transform(lambda u: apply(point[0], u), point[1], v)


def _damp(apply: Callable[[Any], Any], damping: Any, v: Any) -> Any:
    return apply(v) + damping * v


def _scale(apply: Callable[[Any], Any], root: Any, v: Any) -> Any:
    return root * apply(root * v)


def _deflate(apply: Callable[[Any], Any], rows: Any, v: Any) -> Any:
    image = apply(v - (v @ rows.T) @ rows)
    return image - (image @ rows.T) @ rows


@dataclass(frozen=True)
class SymmetricOperator:
    """A symmetric matrix A [D, D] as a function: `operator(v)` [D], `operator.block(vs)` [K, D].

    `apply`: v -> A v; `apply_block`: the same for [K, D], None where one vector is multiplied at a time.
    `size`: D. `epsilon`: the relative rounding error of one product. `traced`: the same operator for compiled
    programs, None where there is none. Products are NumPy float64; one that is not finite raises UsageError.
    """

    apply: Callable[[Vector], Any]
    size: int
    epsilon: float = float(np.finfo(np.float64).eps)
    apply_block: Callable[[Vector], Any] | None = None
    traced: TracedOperator | None = None

    def __call__(self, vector: npt.ArrayLike) -> Vector:
        given = np.asarray(vector, np.float64)
        if given.shape != (self.size,):
            raise UsageError(f"A vector of shape {given.shape} meets a matrix of size {self.size}.")
        return _finite(self.apply(given))

    def block(self, vectors: npt.ArrayLike) -> Vector:
        """Return the products of K vectors: [K, D] -> [K, D]. Raises UsageError: A is not symmetric."""
        given = np.asarray(vectors, np.float64)
        if given.ndim != 2 or given.shape[1] != self.size:
            raise UsageError(f"Vectors of shape {given.shape} meet a matrix of size {self.size}.")
        if self.apply_block is None or len(given) < 2:
            return np.stack([self(row) for row in given]) if len(given) else np.empty((0, self.size))
        found = _finite(self.apply_block(given))
        inner = given @ found.T
        scale = np.outer(np.linalg.norm(given, axis=1), np.linalg.norm(found, axis=1))
        check_symmetric(float(np.abs(inner - inner.T).max()), float(scale.max()), self.epsilon)
        return found

    def damped(self, damping: float) -> SymmetricOperator:
        """Return A + damping: with the curvature of weight decay."""
        return self._transformed(_damp, damping)

    def scaled(self, preconditioner: npt.ArrayLike) -> SymmetricOperator:
        """Return P^(-1/2) A P^(-1/2) for a diagonal `preconditioner` P [D], all above zero."""
        diagonal = np.asarray(preconditioner, np.float64)
        if diagonal.shape != (self.size,) or not (np.isfinite(diagonal) & (diagonal > 0)).all():
            raise UsageError(
                f"The preconditioner must be {self.size} finite numbers above zero, not {diagonal.shape}.",
                "Its inverse root scales the matrix from both sides.",
                "Add the optimizer's eps where a weight has never had a gradient.",
            )
        return self.congruent(1 / np.sqrt(diagonal))

    def congruent(self, diagonal: npt.ArrayLike) -> SymmetricOperator:
        """Return W A W for a diagonal matrix W, given as `diagonal` [D]."""
        return self._transformed(_scale, np.asarray(diagonal, np.float64))

    def outside(self, vectors: npt.ArrayLike) -> SymmetricOperator:
        """Return (1 - V'V) A (1 - V'V) for orthonormal rows V [K, D]: A without these directions."""
        return self._transformed(_deflate, np.asarray(vectors, np.float64).reshape(-1, self.size))

    def _transformed(self, transform: Transform, array: Any) -> SymmetricOperator:
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
    """Return a dense symmetric matrix [D, D] as an operator.

    Raises UsageError: not square, not symmetric, not finite.
    """
    dense = np.asarray(matrix)
    if dense.ndim != 2 or dense.shape[0] != dense.shape[1] or not dense.size:
        raise UsageError(f"A matrix of shape {dense.shape} is not square.", "", "Pass [D, D].")
    if not np.isfinite(dense).all():
        raise UsageError("The matrix holds values that are not finite.")
    kind = dense.dtype if dense.dtype.kind == "f" else np.dtype(np.float64)
    wide = dense.astype(np.float64)
    epsilon = float(np.finfo(kind).eps)
    if np.abs(wide - wide.T).max() > 100 * max(len(wide), 10) * epsilon * np.abs(wide).max():
        raise UsageError(
            "The matrix is not symmetric.", "A Hessian is.", "Pass (A + A.T) / 2 if that is meant."
        )
    symmetric = (wide + wide.T) / 2
    return SymmetricOperator(lambda v: symmetric @ v, len(wide), epsilon, lambda v: v @ symmetric)


def _finite(result: Any) -> Vector:
    found = np.asarray(result, np.float64)
    check_images(found)
    return found


def check_images(found: Vector) -> None:
    """Raise UsageError where products, or numbers made of them, are not finite."""
    if not np.isfinite(found).all():
        raise UsageError(
            "A product with the curvature is not finite.",
            "The second derivatives overflow here, or the loss has none.",
            "Work in float64, or measure at another point.",
        )


def check_symmetric(difference: float, scale: float, epsilon: float) -> None:
    """Raise UsageError where a matrix differs from its transpose by more than rounding explains.

    The check costs nothing and catches compiler errors: jaxlib 0.10.2 sums some batched float32 products
    wrongly on CPUs (jax issue 39103).
    """
    if difference > np.sqrt(epsilon) * scale:
        raise UsageError(
            f"The curvature differs from its transpose by {difference:.3g} where its size is {scale:.3g}.",
            "A Hessian is symmetric: the compiled program is wrong, or the gradient is random or false.",
            "Set XLA_FLAGS=--xla_cpu_experimental_ynn_fusion_type= (jaxlib 0.10.2), or fix the loss.",
        )
