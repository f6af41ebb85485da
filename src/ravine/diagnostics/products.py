"""Matrices too large to hold, known by what they do to a vector.  Lecture: "Flat & sharp minima".

    H v  = d/dt grad L(w + t v)                              (1)   forward over reverse
    G v  = 1/N sum_i J_i' A_i J_i v                          (2)   Gauss-Newton: never a negative eigenvalue
    A u  = p (u - p'u)                                       (3)   softmax cross-entropy, p: probabilities
    A u  = 2 u                                               (4)   squared error
    mean = sum_c n_c mean_c / sum_c n_c                      (5)   over chunks c of n_c rows

Source: Pearlmutter 1994 for (1), Schraudolph 2002 for (2). The function differentiated is the one given:
freeze the dropout key and the batch-norm mode in it. J v is had by transposing the reverse mode, so layers
with a hand-written reverse rule work too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax.flatten_util import ravel_pytree

from ravine.diagnostics.compiled import per_function
from ravine.diagnostics.vectors import Params, Vector, check_parameters, precision_of
from ravine.errors import UsageError, did_you_mean

__all__ = [
    "OutputLoss",
    "Product",
    "as_product",
    "check_finite",
    "gauss_newton_product",
    "hessian_product",
    "in_chunks",
    "output_hessian",
]

Loss = Callable[..., jax.Array]
"""loss(params, *data) -> []."""

OutputLoss = Literal["cross_entropy", "squared_error"]

BLOCK = 8
"""Vectors multiplied side by side."""


@dataclass(frozen=True)
class Product:
    """A symmetric matrix [D, D] as a function: `product(v)` [D] -> [D], `product.block(vs)` [K, D] -> [K, D].

    `epsilon`: the relative rounding of one product. Results come as NumPy float64; a product that is not
    finite raises UsageError.
    """

    apply: Callable[[Vector], Any]
    size: int
    epsilon: float = float(np.finfo(np.float64).eps)
    apply_block: Callable[[Vector], Any] | None = None

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
        return self._finite(self.apply_block(given))

    def damped(self, damping: float) -> Product:
        """Return the matrix with `damping` added to its diagonal: weight decay's share of the curvature."""
        block = self.apply_block
        return Product(
            lambda v: np.asarray(self.apply(v), np.float64) + damping * v,
            self.size,
            self.epsilon,
            None if block is None else lambda v: np.asarray(block(v), np.float64) + damping * v,
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
        )

    def _finite(self, result: Any) -> Vector:
        found = np.asarray(result, np.float64)
        if not np.isfinite(found).all():
            raise UsageError(
                "A product with the curvature is not finite.",
                "The second derivatives overflow here, or the loss has none.",
                "Work in float64, or measure at another point.",
            )
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


def hessian_product(
    loss: Loss,
    params: Params,
    data: tuple[Any, ...] = (),
    *,
    chunk: int | None = None,
    weigh: Callable[..., jax.Array] | None = None,
) -> Product:
    """Return the Hessian of loss(params, *data) -> [] as a Product.

    `data`: arrays with rows [N, ...]; pass them here rather than in a closure and a new batch compiles
    nothing. `chunk`: rows worked on at once, which bounds the memory; the loss must then be a mean over
    rows, and `weigh(*rows)` (default: their number) is what it divides by. Raises UsageError: loss or
    gradient not finite.
    """
    size = check_parameters(params)
    programs = _hessian_programs(loss, _chunk(chunk, data), weigh)
    with precision_of(params):
        point, value, slope = programs.prepare(params, data)
        check_finite(float(value), float(slope))
    return _product(programs, point, size, params)


def gauss_newton_product(
    outputs: Callable[..., jax.Array],
    params: Params,
    inputs: Any,
    loss: OutputLoss = "cross_entropy",
    *,
    weight: jax.Array | None = None,
    chunk: int | None = None,
) -> Product:
    """Return the Gauss-Newton matrix of the mean loss over rows, equation (2), as a Product.

    outputs(params, inputs) -> [N, K] before the softmax; `inputs` [N, ...]; `weight` [N] event weights, none
    below zero. Targets do not enter it. Raises UsageError: outputs not finite, an unknown loss.
    """
    size = check_parameters(params)
    output_hessian(loss)
    data = (inputs,) if weight is None else (inputs, weight)
    if weight is not None:
        _check_weight(np.asarray(weight))
    programs = _gauss_newton_programs(outputs, loss, _chunk(chunk, data), weight is not None)
    with precision_of(params):
        point, value = programs.prepare(params, data)
        check_finite(float(value), name="The sum of squared outputs")
    return _product(programs, point, size, params)


def output_hessian(loss: OutputLoss) -> Callable[[jax.Array, jax.Array], jax.Array]:
    """Return (outputs [N, K], u [N, K]) -> A u [N, K], one row's loss; equations (3) and (4)."""
    if loss not in OUTPUT_HESSIANS:
        raise UsageError(f"There is no loss '{loss}'.", "", did_you_mean(str(loss), OUTPUT_HESSIANS))
    return OUTPUT_HESSIANS[loss]


def in_chunks(
    mean: Callable[..., Any],
    data: tuple[Any, ...],
    chunk: int | None,
    weigh: Callable[..., jax.Array] | None = None,
) -> Any:
    """Return mean(*data) worked out `chunk` rows at a time, equation (5).

    For use inside compiled programs.
    """
    if chunk is None or chunk >= jax.tree.leaves(data)[0].shape[0]:
        return mean(*data)
    whole = jax.tree.leaves(data)[0].shape[0] // chunk

    def mass(rows: tuple[Any, ...]) -> Any:
        return jax.tree.leaves(rows)[0].shape[0] if weigh is None else weigh(*rows)

    def weighted(rows: tuple[Any, ...]) -> tuple[Any, jax.Array]:
        share = mass(rows)
        means = mean(*rows)
        return jax.tree.map(lambda m: m * jnp.asarray(share, m.dtype), means), jnp.asarray(share, float)

    head = jax.tree.map(lambda a: a[: whole * chunk].reshape(whole, chunk, *a.shape[1:]), data)
    first = jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), jax.eval_shape(weighted, _rows(head, 0)))
    totals, _ = jax.lax.scan(lambda sums, rows: (_added(sums, weighted(rows)), None), first, head)
    rest = jax.tree.map(lambda a: a[whole * chunk :], data)
    if jax.tree.leaves(rest)[0].shape[0]:
        totals = _added(totals, weighted(rest))
    sums, masses = totals
    return jax.tree.map(lambda s: s / masses.astype(s.dtype), sums)  # (5)


def _added(a: Any, b: Any) -> Any:
    return jax.tree.map(jnp.add, a, b)


def _rows(data: Any, index: int) -> Any:
    return jax.tree.map(lambda a: a[index], data)


def _softmax_hessian(outputs: jax.Array, u: jax.Array) -> jax.Array:
    p = jax.nn.softmax(outputs, axis=-1)
    return p * (u - jnp.sum(p * u, axis=-1, keepdims=True))  # (3)


def _square_hessian(outputs: jax.Array, u: jax.Array) -> jax.Array:
    return 2 * u  # (4)


OUTPUT_HESSIANS: dict[str, Callable[[jax.Array, jax.Array], jax.Array]] = {
    "cross_entropy": _softmax_hessian,
    "squared_error": _square_hessian,
}


class _Programs(NamedTuple):
    """prepare(params, data) -> (point, value, ...); apply(point, v); block(point, vectors)."""

    prepare: Callable[..., Any]
    apply: Callable[..., Any]
    block: Callable[..., Any]


def _compiled(prepare: Callable[..., Any], apply: Callable[[Any, jax.Array], jax.Array]) -> _Programs:
    def block(point: Any, vectors: jax.Array) -> jax.Array:
        return jax.lax.map(lambda v: apply(point, v), vectors, batch_size=min(BLOCK, vectors.shape[0]))

    return _Programs(jax.jit(prepare), jax.jit(apply), jax.jit(block))


@per_function
def _hessian_programs(loss: Loss, chunk: int | None, weigh: Callable[..., jax.Array] | None) -> _Programs:
    def slope(flat: jax.Array, unravel: Any, rows: tuple[Any, ...]) -> tuple[jax.Array, jax.Array]:
        value, gradient = jax.value_and_grad(lambda w: loss(unravel(w), *rows))(flat)
        return value, gradient

    if chunk is None:

        def linearise(params: Params, data: tuple[Any, ...]) -> tuple[Any, jax.Array, jax.Array]:
            flat, unravel = ravel_pytree(params)
            (value, gradient), push = jax.linearize(lambda w: slope(w, unravel, data), flat)
            return push, value, jnp.linalg.norm(gradient)

        return _compiled(linearise, lambda push, v: push(v)[1])  # (1)

    def prepare(params: Params, data: tuple[Any, ...]) -> tuple[Any, jax.Array, jax.Array]:
        flat, unravel = ravel_pytree(params)
        value, gradient = in_chunks(lambda *rows: slope(flat, unravel, rows), data, chunk, weigh)
        return (params, data), value, jnp.linalg.norm(gradient)

    def apply(point: Any, v: jax.Array) -> jax.Array:
        params, data = point
        flat, unravel = ravel_pytree(params)

        def one(*rows: Any) -> jax.Array:
            return jax.jvp(lambda w: slope(w, unravel, rows)[1], (flat,), (v,))[1]  # (1)

        return in_chunks(one, data, chunk, weigh)

    return _compiled(prepare, apply)


@per_function
def _gauss_newton_programs(
    outputs: Callable[..., jax.Array], loss: OutputLoss, chunk: int | None, weighted: bool
) -> _Programs:
    curve = output_hessian(loss)

    def shares(rows: tuple[Any, ...], dtype: Any) -> jax.Array:
        count = jax.tree.leaves(rows)[0].shape[0]
        if not weighted:
            return jnp.full((count,), 1 / count, dtype)
        total = jnp.sum(rows[1])
        return jnp.where(total > 0, rows[1] / jnp.where(total > 0, total, 1), 0).astype(dtype)

    def pulled(params: Params, rows: tuple[Any, ...]) -> tuple[jax.Array, Any]:
        flat, unravel = ravel_pytree(params)
        found, pull = jax.vjp(lambda w: outputs(unravel(w), rows[0]), flat)
        if found.ndim != 2:
            raise UsageError(
                f"The outputs have shape {found.shape}.", "", "outputs(params, inputs) -> [N, K]."
            )
        return found, pull

    def multiplied(found: jax.Array, pull: Any, rows: tuple[Any, ...], v: jax.Array) -> jax.Array:
        (u,) = jax.linear_transpose(lambda back: pull(back)[0], found)(v)
        return pull(curve(found, u) * shares(rows, found.dtype)[:, None])[0]  # (2)

    if chunk is None:

        def linearise(params: Params, data: tuple[Any, ...]) -> tuple[Any, jax.Array]:
            found, pull = pulled(params, data)
            return (found, pull, data), jnp.sum(found**2)

        return _compiled(linearise, lambda point, v: multiplied(point[0], point[1], point[2], v))

    def weigh(*rows: Any) -> jax.Array:
        return jnp.sum(rows[1])

    def prepare(params: Params, data: tuple[Any, ...]) -> tuple[Any, jax.Array]:
        return (params, data), in_chunks(lambda *rows: jnp.mean(outputs(params, rows[0]) ** 2), data, chunk)

    def apply(point: Any, v: jax.Array) -> jax.Array:
        params, data = point

        def one(*rows: Any) -> jax.Array:
            return multiplied(*pulled(params, rows), rows, v)

        return in_chunks(one, data, chunk, weigh if weighted else None)

    return _compiled(prepare, apply)


def _product(programs: _Programs, point: Any, size: int, params: Params) -> Product:
    with precision_of(params):
        kind = ravel_pytree(params)[0].dtype

    def apply(vector: Vector) -> Any:
        with precision_of(params):
            return programs.apply(point, jnp.asarray(vector, kind))

    def block(vectors: Vector) -> Any:
        with precision_of(params):
            return programs.block(point, jnp.asarray(vectors, kind))

    return Product(apply, size, float(jnp.finfo(kind).eps), block)


def _chunk(chunk: int | None, data: tuple[Any, ...]) -> int | None:
    if chunk is None:
        return None
    if chunk < 1:
        raise UsageError(f"A chunk of {chunk} rows holds nothing.", "", "Pass 1 or more.")
    rows = {int(np.shape(each)[0]) if np.ndim(each) else -1 for each in jax.tree.leaves(data)}
    if len(rows) != 1 or -1 in rows:
        raise UsageError(
            "Data in chunks need arrays with the same number of rows.",
            f"Found {sorted(rows) if rows else 'none'}.",
            "Pass data=(x, y), each [N, ...], or leave `chunk` out.",
        )
    return None if chunk >= rows.pop() else chunk


def _check_weight(weight: npt.NDArray[Any]) -> None:
    if weight.ndim != 1 or not np.isfinite(weight).all() or (weight < 0).any() or not weight.any():
        raise UsageError(
            "Event weights must be finite numbers [N], none below zero and not all zero.",
            "With negative ones the Gauss-Newton matrix could have negative eigenvalues.",
            "Use hessian_product with `weigh`.",
        )


def check_finite(value: float, slope: float = 0.0, name: str = "The loss") -> None:
    """Raise UsageError where a loss, or the norm of its gradient, is not finite."""
    if not np.isfinite(value):
        raise UsageError(
            f"{name} is {value} at these parameters.",
            "Nothing can be measured where it is not finite.",
            "Measure at an earlier step, lower the learning rate, or standardise the inputs.",
        )
    if not np.isfinite(slope):
        raise UsageError(
            "The gradient is not finite at these parameters, though the loss is.",
            "A root or logarithm is differentiated at zero, or it overflows.",
            "Work in float64, or measure at another point.",
        )
