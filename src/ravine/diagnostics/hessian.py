"""Hessian and Gauss-Newton matrix of a loss as linear operators.  Lecture: "Flat & sharp minima".

    H v  = d/dt grad L(w + t v)                              (1)   forward over reverse
    G v  = 1/N sum_i J_i' A_i J_i v                          (2)   Gauss-Newton: never a negative eigenvalue
    A u  = p (u - p'u)                                       (3)   softmax cross-entropy, p: probabilities
    A u  = 2 u                                               (4)   squared error

Source: Pearlmutter 1994 for (1), Schraudolph 2002 for (2). The function differentiated is the one given:
freeze the dropout key and the batch-norm mode in it. J v is the transpose of the reverse mode, so layers
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

from ravine.diagnostics.chunked_mean import chunk_size, chunked_mean
from ravine.diagnostics.flatten import Params, Vector, check_parameters, precision_of
from ravine.diagnostics.jit_cache import jit_alone, per_function
from ravine.diagnostics.linear_operator import InLoopSetup, SymmetricOperator, TracedOperator
from ravine.errors import UsageError, did_you_mean

__all__ = [
    "Loss", "OutputLoss", "check_finite", "gauss_newton_matvec", "gauss_newton_operator", "hessian_matvec",
    "hessian_operator", "hessian_programs", "operator_of", "output_hessian",
]  # fmt: skip

Loss = Callable[..., jax.Array]
"""loss(params, *data) -> []."""

OutputLoss = Literal["cross_entropy", "squared_error"]

BLOCK = 8
"""Vectors multiplied side by side."""


def hessian_operator(
    loss: Loss,
    params: Params,
    data: tuple[Any, ...] = (),
    *,
    chunk: int | None = None,
    weigh: Callable[..., jax.Array] | None = None,
) -> SymmetricOperator:
    """Return the Hessian of loss(params, *data) -> [] as an operator.

    `data`: arrays with rows [N, ...]; pass them here rather than in a closure and a new batch compiles
    nothing. `chunk`: rows worked on at once, which bounds the memory; the loss must then be a mean over
    rows, and `weigh(*rows)` (default: their number) is the divisor of that mean. Raises UsageError: loss or
    gradient not finite.
    """
    return operator_of(hessian_programs(loss, chunk_size(chunk, data), weigh), params, data)


def gauss_newton_operator(
    outputs: Callable[..., jax.Array],
    params: Params,
    inputs: Any,
    loss: OutputLoss = "cross_entropy",
    *,
    weight: jax.Array | None = None,
    chunk: int | None = None,
) -> SymmetricOperator:
    """Return the Gauss-Newton matrix of the mean loss over rows, equation (2), as an operator.

    outputs(params, inputs) -> [N, K] before the softmax; `inputs` [N, ...]; `weight` [N] event weights, none
    below zero. Targets do not enter it. Raises UsageError: outputs not finite, an unknown loss.
    """
    output_hessian(loss)
    data = (inputs,) if weight is None else (inputs, weight)
    if weight is not None:
        _check_weight(np.asarray(weight))
    programs = _gauss_newton_programs(outputs, loss, chunk_size(chunk, data), weight is not None)
    return operator_of(programs, params, data, "The mean of squared outputs")


def hessian_matvec(loss: Loss, params: Params, *data: Any) -> Callable[[jax.Array], jax.Array]:
    """Return v [D] -> H v [D], equation (1), linearized at `params`. Traceable: for use in jit and scan."""
    _, _, push = _linearized_gradient(loss, params, data)
    return lambda v: push(v)[1]


def gauss_newton_matvec(
    outputs: Callable[..., jax.Array],
    params: Params,
    inputs: Any,
    loss: OutputLoss = "cross_entropy",
    weight: jax.Array | None = None,
) -> Callable[[jax.Array], jax.Array]:
    """Return v [D] -> G v [D], equation (2), linearized at `params`. Traceable: for use in jit and scan."""
    found, pull = _linearized_outputs(outputs, params, inputs)
    return lambda v: _gauss_newton_image(loss, found, pull, weight, v)


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


def _linearized_gradient(
    loss: Loss, params: Params, data: tuple[Any, ...]
) -> tuple[jax.Array, jax.Array, Callable[[jax.Array], tuple[jax.Array, jax.Array]]]:
    """Return the loss, its gradient [D], and v [D] -> what a step along v changes in both, to first order."""
    flat, unravel = ravel_pytree(params)

    def value(w: jax.Array) -> jax.Array:
        found = loss(unravel(w), *data)
        if jnp.shape(found):
            raise UsageError(
                f"The loss is an array of shape {jnp.shape(found)}, not one number.", "", "Take its mean."
            )
        return found

    (found, gradient), push = jax.linearize(jax.value_and_grad(value), flat)
    return found, gradient, push  # (1)


def _linearized_outputs(
    outputs: Callable[..., jax.Array], params: Params, inputs: Any
) -> tuple[jax.Array, Any]:
    """Return the outputs [N, K], and J' as a function of such an array."""
    flat, unravel = ravel_pytree(params)
    found, pull = jax.vjp(lambda w: outputs(unravel(w), inputs), flat)
    if found.ndim != 2:
        raise UsageError(f"The outputs have shape {found.shape}.", "", "outputs(params, inputs) -> [N, K].")
    return found, pull


def _gauss_newton_image(
    loss: OutputLoss, found: jax.Array, pull: Any, weight: jax.Array | None, v: jax.Array
) -> jax.Array:
    (u,) = jax.linear_transpose(lambda back: pull(back)[0], found)(v)
    if weight is None:
        shares = jnp.full(found.shape[:1], 1 / found.shape[0], found.dtype)
    else:
        total = jnp.sum(weight)
        shares = jnp.where(total > 0, weight / jnp.where(total > 0, total, 1), 0).astype(found.dtype)
    return pull(output_hessian(loss)(found, u) * shares[:, None])[0]  # (2)


class Programs(NamedTuple):
    """Compiled: prepare(params, data) -> (point, numbers to check); apply(point, v); block(point, vectors).

    traced_prepare, traced_apply: the same functions, to be compiled into something larger.
    """

    prepare: Callable[..., Any]
    apply: Callable[..., Any]
    block: Callable[..., Any]
    traced_prepare: Callable[..., Any]
    traced_apply: Callable[..., Any]


def _programs(
    linearize: Callable[[Params, tuple[Any, ...]], tuple[Any, Any]],
    image: Callable[[Any, jax.Array], jax.Array],
    numbers: Callable[[Any], jax.Array],
    chunk: int | None,
    weigh: Callable[..., jax.Array] | None,
) -> Programs:
    """Return the programs of an operator that is a mean over rows.

    linearize(params, rows) -> (point, means); image(point, v); numbers(means): what to check.
    """

    def prepare(params: Params, data: tuple[Any, ...]) -> tuple[Any, jax.Array]:
        if chunk is None:
            point, means = linearize(params, data)
            return point, numbers(means)
        means = chunked_mean(lambda *rows: linearize(params, rows)[1], data, chunk, weigh)
        return (params, data), numbers(means)

    def apply(point: Any, v: jax.Array) -> jax.Array:
        if chunk is None:
            return image(point, v)
        params, data = point
        product: jax.Array = chunked_mean(
            lambda *rows: image(linearize(params, rows)[0], v), data, chunk, weigh
        )
        return product

    def block(point: Any, vectors: jax.Array) -> jax.Array:
        return jax.lax.map(lambda v: apply(point, v), vectors, batch_size=min(BLOCK, vectors.shape[0]))

    return Programs(jit_alone(prepare), jit_alone(apply), jit_alone(block), prepare, apply)


@per_function
def hessian_programs(loss: Loss, chunk: int | None, weigh: Callable[..., jax.Array] | None) -> Programs:
    """Return the programs of the Hessian of loss(params, *data), `chunk` rows at a time."""

    def linearize(params: Params, rows: tuple[Any, ...]) -> tuple[Any, Any]:
        value, gradient, push = _linearized_gradient(loss, params, rows)
        return push, (value, gradient)

    def numbers(means: Any) -> jax.Array:
        return jnp.stack([means[0], jnp.linalg.norm(means[1])])

    return _programs(linearize, lambda push, v: push(v)[1], numbers, chunk, weigh)


@per_function
def _gauss_newton_programs(
    outputs: Callable[..., jax.Array], loss: OutputLoss, chunk: int | None, weighted: bool
) -> Programs:
    def linearize(params: Params, rows: tuple[Any, ...]) -> tuple[Any, Any]:
        found, pull = _linearized_outputs(outputs, params, rows[0])
        return (found, pull, rows[1] if weighted else None), jnp.mean(found**2)

    def image(point: Any, v: jax.Array) -> jax.Array:
        found, pull, weight = point
        return _gauss_newton_image(loss, found, pull, weight, v)

    weigh = (lambda *rows: jnp.sum(rows[1])) if weighted else None
    return _programs(linearize, image, lambda means: means[None], chunk, weigh)


def operator_of(
    programs: Programs, params: Params, data: tuple[Any, ...], name: str = "The loss",
    setup: InLoopSetup | None = None,
) -> SymmetricOperator:  # fmt: skip
    """Return the operator, prepared at once if it has no `setup`. `name`: of the number that is checked."""
    size = check_parameters(params)

    def prepare() -> Any:
        with precision_of(params):
            point, numbers = programs.prepare(params, data)
            check_finite(*np.asarray(numbers).tolist(), name=name)
        return point

    def on_host(program: Callable[..., Any]) -> Callable[[Vector], Any]:
        def apply(vectors: Vector) -> Any:
            with precision_of(params):
                return program(traced.point, jnp.asarray(vectors, kind))

        return apply

    with precision_of(params):
        kind = jnp.result_type(*jax.tree.leaves(params))  # that of ravel_pytree
    traced = TracedOperator(
        programs.traced_apply, prepare, np.dtype(kind), lambda: precision_of(params), setup
    )
    if setup is None:
        _ = traced.point
    epsilon = float(jnp.finfo(kind).eps)
    return SymmetricOperator(on_host(programs.apply), size, epsilon, on_host(programs.block), traced)


def _check_weight(weight: npt.NDArray[Any]) -> None:
    if weight.ndim != 1 or not np.isfinite(weight).all() or (weight < 0).any() or not weight.any():
        raise UsageError(
            "Event weights must be finite numbers [N], none below zero and not all zero.",
            "With negative ones the Gauss-Newton matrix could have negative eigenvalues.",
            "Use hessian_operator with `weigh`.",
        )


def check_finite(value: float, slope: float = 0.0, *, name: str = "The loss") -> None:
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
