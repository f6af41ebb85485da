"""A symmetric matrix known by what it does to a vector.

Whatever has only products to go by (Lanczos, traces, densities, tracking) takes one of these and asks no
more.
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

from ravine.diagnostics.compiled import per_function
from ravine.diagnostics.vectors import Vector
from ravine.errors import UsageError

__all__ = ["Opening", "Product", "Traced", "as_product", "check_images", "check_symmetric"]


@dataclass(frozen=True)
class Opening:
    """How a point is come to, where a compiled loop shall do that on its way.

    open(asked, unit [D]) -> (point, unit to begin from [D], loss). `look` raises UsageError for a loss that
    is not finite. `led`: the unit is no longer the one given.
    """

    open: Callable[[Any, jax.Array], tuple[Any, jax.Array, jax.Array]]
    asked: Any
    look: Callable[[jax.Array], None]
    led: bool


@dataclass(frozen=True)
class Traced:
    """A product to be used inside compiled loops: apply(point, v [D]) -> A v [D], v of `dtype`.

    The same function with another point compiles nothing. `context`: what it is to be compiled and run in.
    `come`: works the point out, when it is first needed. `opening`: how a loop may do so itself.
    """

    apply: Callable[[Any, jax.Array], jax.Array]
    come: Callable[[], Any]
    dtype: np.dtype[Any]
    context: Callable[[], AbstractContextManager[None]]
    opening: Opening | None = None

    @cached_property
    def point(self) -> Any:
        return self.come()

    def around(self, wrap: Callable[..., Any], array: npt.ArrayLike) -> Traced:
        """Return the product that wrap(apply) makes of this one and an array."""
        with self.context():
            more = jnp.asarray(array, self.dtype)
        return Traced(wrap(self.apply), lambda: (self.point, more), self.dtype, self.context)


@per_function
def _damped(apply: Callable[..., Any]) -> Callable[..., Any]:
    return lambda point, v: apply(point[0], v) + point[1] * v


@per_function
def _scaled(apply: Callable[..., Any]) -> Callable[..., Any]:
    return lambda point, v: point[1] * apply(point[0], point[1] * v)


@per_function
def _outside(apply: Callable[..., Any]) -> Callable[..., Any]:
    def outside(point: Any, v: jax.Array) -> jax.Array:
        apart = point[1]
        image = apply(point[0], v - (apart @ v) @ apart)
        return jnp.asarray(image - (apart @ image) @ apart)

    return outside


@dataclass(frozen=True)
class Product:
    """A symmetric matrix [D, D] as a function: `product(v)` [D] -> [D], `product.block(vs)` [K, D] -> [K, D].

    `epsilon`: the relative rounding of one product. `traced`: the same for compiled loops, None where there
    is none. Results come as NumPy float64; a product that is not finite raises UsageError.
    """

    apply: Callable[[Vector], Any]
    size: int
    epsilon: float = float(np.finfo(np.float64).eps)
    apply_block: Callable[[Vector], Any] | None = None
    traced: Traced | None = None

    def __call__(self, vector: npt.ArrayLike) -> Vector:
        given = np.asarray(vector, np.float64)
        if given.shape != (self.size,):
            raise UsageError(f"A vector of shape {given.shape} meets a matrix of size {self.size}.")
        return self._finite(self.apply(given))

    def block(self, vectors: npt.ArrayLike) -> Vector:
        """Return the products of K vectors: [K, D] -> [K, D]."""
        given = np.asarray(vectors, np.float64)
        if given.ndim != 2 or given.shape[1] != self.size:
            raise UsageError(f"Vectors of shape {given.shape} meet a matrix of size {self.size}.")
        if self.apply_block is None or len(given) < 2:
            return np.stack([self(each) for each in given]) if len(given) else np.empty((0, self.size))
        found = self._finite(self.apply_block(given))
        inner = given @ found.T
        scale = np.outer(np.linalg.norm(given, axis=1), np.linalg.norm(found, axis=1))
        check_symmetric(float(np.abs(inner - inner.T).max()), float(scale.max()), self.epsilon)
        return found

    def damped(self, damping: float) -> Product:
        """Return the matrix with `damping` added to its diagonal: weight decay's share of the curvature."""
        block = self.apply_block
        return Product(
            lambda v: np.asarray(self.apply(v), np.float64) + damping * v,
            self.size,
            self.epsilon,
            None if block is None else lambda v: np.asarray(block(v), np.float64) + damping * v,
            self.traced and self.traced.around(_damped, damping),
        )

    def scaled(self, preconditioner: npt.ArrayLike) -> Product:
        """Return P^(-1/2) A P^(-1/2) for a diagonal `preconditioner` P [D], all above zero."""
        diagonal = np.asarray(preconditioner, np.float64)
        if diagonal.shape != (self.size,) or not (np.isfinite(diagonal) & (diagonal > 0)).all():
            raise UsageError(
                f"The preconditioner must be {self.size} finite numbers above zero, not {diagonal.shape}.",
                "Its inverse root scales the matrix from both sides.",
                "Add the rule's eps where a weight has never had a gradient.",
            )
        root = 1 / np.sqrt(diagonal)
        block = self.apply_block
        return Product(
            lambda v: root * np.asarray(self.apply(root * v), np.float64),
            self.size,
            self.epsilon,
            None if block is None else lambda v: root * np.asarray(block(root * v), np.float64),
            self.traced and self.traced.around(_scaled, root),
        )

    def outside(self, vectors: npt.ArrayLike) -> Product:
        """Return (1 - V'V) A (1 - V'V) for orthonormal rows `vectors` V [K, D]: A with these taken out."""
        apart = np.asarray(vectors, np.float64).reshape(-1, self.size)

        def without(v: Vector) -> Vector:
            return np.asarray(v - apart.T @ (apart @ v), np.float64)

        return Product(
            lambda v: without(np.asarray(self.apply(without(v)), np.float64)),
            self.size,
            self.epsilon,
            traced=self.traced and self.traced.around(_outside, apart),
        )

    def _finite(self, result: Any) -> Vector:
        found = np.asarray(result, np.float64)
        check_images(found)
        return found


def as_product(matrix: npt.ArrayLike) -> Product:
    """Return a dense symmetric matrix [D, D] as a Product.

    Raises UsageError: not square, symmetric, finite.
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
    return Product(lambda v: symmetric @ v, len(wide), epsilon, lambda v: v @ symmetric)


def check_images(found: Vector) -> None:
    """Raise UsageError where products, or what was made of them, are not finite."""
    if not np.isfinite(found).all():
        raise UsageError(
            "A product with the curvature is not finite.",
            "The second derivatives overflow here, or the loss has none.",
            "Work in float64, or measure at another point.",
        )


def check_symmetric(difference: float, scale: float, epsilon: float) -> None:
    """Raise UsageError where a curvature differs from its transpose by more than rounding explains.

    Costs nothing and catches what a compiler may do: jaxlib 0.10.2 sums some batched float32 products
    wrongly on CPUs (jax issue 39103).
    """
    if difference > np.sqrt(epsilon) * scale:
        raise UsageError(
            f"The curvature differs from its transpose by {difference:.3g} where its size is {scale:.3g}.",
            "A Hessian is symmetric: the compiled program is wrong, or the gradient is random or false.",
            "Set XLA_FLAGS=--xla_cpu_experimental_ynn_fusion_type= (jaxlib 0.10.2), or fix the loss.",
        )
