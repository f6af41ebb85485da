"""Matrices too large to hold, known by what they do to a vector.  Lecture: "Flat & sharp minima".

    H v  = d/dt grad L(w + t v)                              (1)   forward over reverse
    G v  = 1/N sum_i J_i' A_i J_i v                          (2)   Gauss-Newton: never a negative eigenvalue
    A u  = p (u - p'u)                                       (3)   softmax cross-entropy, p: probabilities
    A u  = 2 u                                               (4)   squared error

Source: Pearlmutter 1994 for (1), Schraudolph 2002 for (2). The function differentiated is the one given:
freeze the dropout key and the batch-norm mode in it. J v is had by transposing the reverse mode, so layers
with a hand-written reverse rule work too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax.flatten_util import ravel_pytree

from ravine.diagnostics.chunks import chunk_size, in_chunks
from ravine.diagnostics.compiled import compiled, per_function
from ravine.diagnostics.product import Opening, Product, Traced
from ravine.diagnostics.vectors import Params, Vector, check_parameters, precision_of
from ravine.errors import UsageError, did_you_mean

__all__ = [
    "Lead",
    "OutputLoss",
    "check_finite",
    "gauss_newton_product",
    "hessian_product",
    "opening_hessian",
    "output_hessian",
    "plain_hessian",
]

Loss = Callable[..., jax.Array]
"""loss(params, *data) -> []."""

Lead = Callable[[Params, tuple[Any, ...], jax.Array], jax.Array]
"""lead(params, data, unit [D]) -> the unit vector to begin from [D]."""

OutputLoss = Literal["cross_entropy", "squared_error"]

BLOCK = 8
"""Vectors multiplied side by side."""


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
    programs = _hessian_programs(loss, chunk_size(chunk, data), weigh)
    point = _prepared(programs, params, data)
    return _product(programs, lambda: point, size, params)


def opening_hessian(
    loss: Loss,
    params: Params,
    data: tuple[Any, ...] = (),
    *,
    chunk: int | None = None,
    weigh: Callable[..., jax.Array] | None = None,
    lead: Lead | None = None,
) -> Product:
    """Return `hessian_product` that a compiled loop prepares on its way: what is not finite shows there.

    lead(params, data, unit) -> the unit to begin from; the same function compiles once.
    """
    size = check_parameters(params)
    programs = _hessian_programs(loss, chunk_size(chunk, data), weigh)

    def look(value: jax.Array) -> None:
        check_finite(float(value))

    opening = Opening(_opened(programs.point, lead), (params, data), look, lead is not None)
    return _product(programs, lambda: _prepared(programs, params, data), size, params, opening)


def _prepared(programs: _Programs, params: Params, data: tuple[Any, ...]) -> Any:
    """Return the point. Raises UsageError: loss or gradient not finite."""
    with precision_of(params):
        point, looked = programs.prepare(params, data)
        check_finite(*np.asarray(looked).tolist())
    return point


def plain_hessian(loss: Loss) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return prepare(params, data) -> (point, ...) and apply(point, v), for use inside compiled programs."""
    programs = _hessian_programs(loss, None, None)
    return programs.point, programs.plain


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
    programs = _gauss_newton_programs(outputs, loss, chunk_size(chunk, data), weight is not None)
    with precision_of(params):
        point, value = programs.prepare(params, data)
        check_finite(float(value), name="The sum of squared outputs")
    return _product(programs, lambda: point, size, params)


def output_hessian(loss: OutputLoss) -> Callable[[jax.Array, jax.Array], jax.Array]:
    """Return (outputs [N, K], u [N, K]) -> A u [N, K], one row's loss; equations (3) and (4)."""
    if loss not in OUTPUT_HESSIANS:
        raise UsageError(f"There is no loss '{loss}'.", "", did_you_mean(str(loss), OUTPUT_HESSIANS))
    return OUTPUT_HESSIANS[loss]


def _softmax_hessian(outputs: jax.Array, u: jax.Array) -> jax.Array:
    p = jax.nn.softmax(outputs, axis=-1)
    # A contraction, not a sum of products: jaxlib 0.10.2 gets that wrong on CPUs, in float32, where u is
    # batched and p is not (jax issue 39103).
    return p * (u - jnp.einsum("nk,nk->n", p, u)[:, None])  # (3)


def _square_hessian(outputs: jax.Array, u: jax.Array) -> jax.Array:
    return 2 * u  # (4)


OUTPUT_HESSIANS: dict[str, Callable[[jax.Array, jax.Array], jax.Array]] = {
    "cross_entropy": _softmax_hessian,
    "squared_error": _square_hessian,
}


class _Programs(NamedTuple):
    """prepare(params, data) -> (point, what to check); apply(point, v); block(point, vectors).

    point, plain: prepare and apply as they are written, to be compiled into something larger.
    """

    prepare: Callable[..., Any]
    apply: Callable[..., Any]
    block: Callable[..., Any]
    point: Callable[..., Any]
    plain: Callable[..., Any]


def _compiled(prepare: Callable[..., Any], apply: Callable[[Any, jax.Array], jax.Array]) -> _Programs:
    def block(point: Any, vectors: jax.Array) -> jax.Array:
        return jax.lax.map(lambda v: apply(point, v), vectors, batch_size=min(BLOCK, vectors.shape[0]))

    return _Programs(compiled(prepare), compiled(apply), compiled(block), prepare, apply)


def _number(value: jax.Array) -> jax.Array:
    if jnp.shape(value):
        raise UsageError(
            f"The loss is an array of shape {jnp.shape(value)}, not one number.", "", "Take its mean."
        )
    return value


@per_function
def _opened(point: Callable[..., Any], lead: Lead | None) -> Callable[..., Any]:
    def opened(asked: tuple[Params, tuple[Any, ...]], unit: jax.Array) -> tuple[Any, jax.Array, jax.Array]:
        at, (value, _) = point(*asked)  # the length of the gradient costs half as much as the rest
        return at, unit if lead is None else lead(*asked, unit), value

    return opened


@per_function
def _hessian_programs(loss: Loss, chunk: int | None, weigh: Callable[..., jax.Array] | None) -> _Programs:
    def slope(flat: jax.Array, unravel: Any, rows: tuple[Any, ...]) -> tuple[jax.Array, jax.Array]:
        value, gradient = jax.value_and_grad(lambda w: _number(loss(unravel(w), *rows)))(flat)
        return value, gradient

    if chunk is None:

        def linearise(params: Params, data: tuple[Any, ...]) -> tuple[Any, jax.Array]:
            flat, unravel = ravel_pytree(params)
            (value, gradient), push = jax.linearize(lambda w: slope(w, unravel, data), flat)
            return push, jnp.stack([value, jnp.linalg.norm(gradient)])

        return _compiled(linearise, lambda push, v: push(v)[1])  # (1)

    def prepare(params: Params, data: tuple[Any, ...]) -> tuple[Any, jax.Array]:
        flat, unravel = ravel_pytree(params)
        value, gradient = in_chunks(lambda *rows: slope(flat, unravel, rows), data, chunk, weigh)
        return (params, data), jnp.stack([value, jnp.linalg.norm(gradient)])

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


def _product(
    programs: _Programs, come: Callable[[], Any], size: int, params: Params, opening: Opening | None = None
) -> Product:
    with precision_of(params):
        kind = jnp.result_type(*jax.tree.leaves(params))  # that of ravel_pytree
    traced = Traced(programs.plain, come, np.dtype(kind), lambda: precision_of(params), opening)

    def apply(vector: Vector) -> Any:
        with precision_of(params):
            return programs.apply(traced.point, jnp.asarray(vector, kind))

    def block(vectors: Vector) -> Any:
        with precision_of(params):
            return programs.block(traced.point, jnp.asarray(vectors, kind))

    return Product(apply, size, float(jnp.finfo(kind).eps), block, traced)


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
