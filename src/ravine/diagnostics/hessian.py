"""Hessian and Gauss-Newton matrix of a loss as linear operators.  Lecture: "Flat & sharp minima".

    H v  = d/dt grad L(w + t v)                              (1)   forward over reverse mode
    G v  = 1/N sum_i J_i' A_i J_i v                          (2)   Gauss-Newton: no negative eigenvalues
    A u  = p (u - p'u)                                       (3)   softmax cross-entropy, p: probabilities
    A u  = 2 u                                               (4)   squared error

L is the loss at the weights w, H its Hessian, and G the Gauss-Newton matrix over N rows. J_i is the Jacobian
of the outputs of row i, and A_i the Hessian of its loss with respect to the outputs. J v is computed as the
transpose of the vector-Jacobian product, so that layers with a custom VJP work.

The loss must be a fixed function of the parameters. Fix the random key of dropout and the mode of batch
normalization (training or inference) in the function that you pass.

Source: Pearlmutter 1994 (1); Schraudolph 2002 (2).
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
from ravine.diagnostics.jit_cache import jit_all_cores, per_function
from ravine.diagnostics.linear_operator import InLoopSetup, SymmetricOperator, TracedOperator
from ravine.errors import UsageError, did_you_mean

__all__ = [
    "Loss", "OutputLoss", "check_finite", "gauss_newton_matvec", "gauss_newton_operator", "hessian_matvec",
    "hessian_operator", "hessian_programs", "operator_of", "output_hessian",
]  # fmt: skip

Loss = Callable[..., jax.Array]
"""loss(params, *data) -> []."""

OutputLoss = Literal["cross_entropy", "squared_error"]
"""Loss as a function of the outputs: equation (3) or (4)."""

BLOCK = 8
"""Number of vectors that are multiplied together."""


def hessian_operator(
    loss: Loss,
    params: Params,
    data: tuple[Any, ...] = (),
    *,
    chunk: int | None = None,
    weigh: Callable[..., jax.Array] | None = None,
) -> SymmetricOperator:
    """Return the Hessian of loss(params, *data) -> [] as an operator that multiplies vectors [D].

    loss     function of the parameters and of `data`
    params   pytree of float arrays with D numbers
    data     arrays [N, ...]. Do not put them into a closure of `loss`: as an argument, new data of the same
             shapes need no new compilation.
    chunk    rows computed together, which limits the memory. The loss must then be a mean over rows.
    weigh    weigh(*rows) -> [], the divisor of the mean over these rows; by default their number

    Raises UsageError if loss or gradient are not finite.
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
    """Return the Gauss-Newton matrix of the mean loss over rows as an operator that multiplies vectors [D].

    outputs          outputs(params, inputs) -> [N, K]; for "cross_entropy", before the softmax
    params           pytree of float arrays with D numbers
    inputs [N, ...]  inputs of the network; the matrix does not depend on the targets
    loss             loss as a function of the outputs: "cross_entropy" or "squared_error"
    weight [N]       row weights, at least 0
    chunk            rows computed together, which limits the memory

    Raises UsageError if the outputs are not finite, for an unknown loss, and for row weights that are
    negative or all 0.
    """
    output_hessian(loss)
    data = (inputs,) if weight is None else (inputs, weight)
    if weight is not None:
        _check_weight(np.asarray(weight))
    programs = _gauss_newton_programs(outputs, loss, chunk_size(chunk, data), weight is not None)
    return operator_of(programs, params, data, "The mean of squared outputs")


def hessian_matvec(loss: Loss, params: Params, *data: Any) -> Callable[[jax.Array], jax.Array]:
    """Return the function v [D] -> H v [D] that multiplies by H, the Hessian of loss(params, *data) -> [].

    The function can be traced inside jit and scan.
    """
    _, _, push = _linearized_gradient(loss, params, data)
    return lambda v: push(v)[1]


def gauss_newton_matvec(
    outputs: Callable[..., jax.Array],
    params: Params,
    inputs: Any,
    loss: OutputLoss = "cross_entropy",
    weight: jax.Array | None = None,
) -> Callable[[jax.Array], jax.Array]:
    """Return the function v [D] -> G v [D], with G the Gauss-Newton matrix of the mean loss over rows.

    With weights, the mean is the sum of weight x loss, divided by the sum of the weights.

    outputs          outputs(params, inputs) -> [N, K]; for "cross_entropy", before the softmax
    params           parameters at which G is computed
    inputs [N, ...]  inputs of the network
    loss             loss as a function of the outputs: "cross_entropy" or "squared_error"
    weight [N]       row weights, at least 0

    The function can be traced inside jit and scan.
    """
    values, pull = _linearized_outputs(outputs, params, inputs)
    return lambda v: _gauss_newton_image(loss, values, pull, weight, v)


def output_hessian(loss: OutputLoss) -> Callable[[jax.Array, jax.Array], jax.Array]:
    """Return the function (outputs [N, K], u [N, K]) -> A u [N, K], row by row.

    A is the Hessian of the loss of a row with respect to the outputs of the row. For "cross_entropy" A u =
    p (u - p'u) with the softmax probabilities p, and for "squared_error" A u = 2 u.

    Raises UsageError for an unknown loss.
    """
    if loss not in OUTPUT_HESSIANS:
        raise UsageError(
            f"There is no loss '{loss}'.",
            f"Allowed are {', '.join(repr(name) for name in OUTPUT_HESSIANS)}.",
            did_you_mean(str(loss), OUTPUT_HESSIANS),
        )
    return OUTPUT_HESSIANS[loss]


def _softmax_hessian(outputs: jax.Array, u: jax.Array) -> jax.Array:
    """Return equation (3), [N, K], for outputs [N, K] and u [N, K]."""
    p = jax.nn.softmax(outputs, axis=-1)
    # einsum instead of a sum of products: on CPUs in float32, jaxlib 0.10.2 computes the sum wrongly if u is
    # batched and p is not (jax issue 39103).
    return p * (u - jnp.einsum("nk,nk->n", p, u)[:, None])  # (3)


def _square_hessian(outputs: jax.Array, u: jax.Array) -> jax.Array:
    """Return equation (4), [N, K], for u [N, K]."""
    return 2 * u  # (4)


OUTPUT_HESSIANS: dict[str, Callable[[jax.Array, jax.Array], jax.Array]] = {
    "cross_entropy": _softmax_hessian,
    "squared_error": _square_hessian,
}


def _linearized_gradient(
    loss: Loss, params: Params, data: tuple[Any, ...]
) -> tuple[jax.Array, jax.Array, Callable[[jax.Array], tuple[jax.Array, jax.Array]]]:
    """Return loss, gradient g [D], and the function v [D] -> (g'v, H v), the changes of both along v."""
    flat, unravel = ravel_pytree(params)

    def value(w: jax.Array) -> jax.Array:
        result = loss(unravel(w), *data)
        if jnp.shape(result):
            raise UsageError(
                f"The loss is an array of shape {jnp.shape(result)}, not one number.",
                "It must have the shape [].",
                "Take its mean over rows.",
            )
        return result

    (loss_value, gradient), push = jax.linearize(jax.value_and_grad(value), flat)
    return loss_value, gradient, push  # (1)


def _linearized_outputs(
    outputs: Callable[..., jax.Array], params: Params, inputs: Any
) -> tuple[jax.Array, Any]:
    """Return the outputs [N, K], and the function u [N, K] -> J'u [D]."""
    flat, unravel = ravel_pytree(params)
    values, pull = jax.vjp(lambda w: outputs(unravel(w), inputs), flat)
    if values.ndim != 2:
        raise UsageError(
            f"The outputs have the shape {values.shape}.",
            "They must be [N, K].",
            "Pass a function outputs(params, inputs) -> [N, K].",
        )
    return values, pull


def _gauss_newton_image(
    loss: OutputLoss, outputs: jax.Array, pull: Any, weight: jax.Array | None, v: jax.Array
) -> jax.Array:
    """Return G v [D], equation (2), from the outputs [N, K] and the function pull(u) -> (J'u,)."""
    (u,) = jax.linear_transpose(lambda back: pull(back)[0], outputs)(v)
    if weight is None:
        shares = jnp.full(outputs.shape[:1], 1 / outputs.shape[0], outputs.dtype)
    else:
        total = jnp.sum(weight)
        shares = jnp.where(total > 0, weight / jnp.where(total > 0, total, 1), 0).astype(outputs.dtype)
    return pull(output_hessian(loss)(outputs, u) * shares[:, None])[0]  # (2)


class Programs(NamedTuple):
    """Compiled programs that multiply vectors by a matrix A, the Hessian or Gauss-Newton matrix of a loss.

    A point is the first argument of the products: the network linearized at some parameters, or the
    parameters and data from which it is linearized chunk by chunk.

    prepare         compiled (params, data) -> (point, numbers that must be finite)
    apply           compiled (point, v [D]) -> A v [D]
    block           compiled (point, vectors [P, D]) -> products [P, D]
    traced_prepare  `prepare` before compilation, for use inside a larger program
    traced_apply    `apply` before compilation, for use inside a larger program
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

    linearize   (params, rows) -> (point, means over the rows)
    image       (point, v [D]) -> A v [D]
    numbers     means -> numbers that must be finite
    chunk       rows computed together; None: all rows
    weigh       weigh(*rows) -> [], the divisor of the mean; by default the number of rows
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

    return Programs(jit_all_cores(prepare), jit_all_cores(apply), jit_all_cores(block), prepare, apply)


@per_function
def hessian_programs(loss: Loss, chunk: int | None, weigh: Callable[..., jax.Array] | None) -> Programs:
    """Return compiled programs that multiply vectors by the Hessian of a loss.

    loss    loss(params, *data) -> [], a mean over the rows of the data arrays
    chunk   number of rows computed together; the products of such parts are then averaged. None: all rows
    weigh   weigh(*rows) -> [], the weight of a part in this average, such as the sum of its row weights;
            None: its number of rows
    """

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
    """Return the programs of the Gauss-Newton matrix; the rows hold inputs, and weights if `weighted`."""

    def linearize(params: Params, rows: tuple[Any, ...]) -> tuple[Any, Any]:
        values, pull = _linearized_outputs(outputs, params, rows[0])
        return (values, pull, rows[1] if weighted else None), jnp.mean(values**2)

    def image(point: Any, v: jax.Array) -> jax.Array:
        values, pull, weight = point
        return _gauss_newton_image(loss, values, pull, weight, v)

    weigh = (lambda *rows: jnp.sum(rows[1])) if weighted else None
    return _programs(linearize, image, lambda means: means[None], chunk, weigh)


def operator_of(
    programs: Programs, params: Params, data: tuple[Any, ...], name: str = "The loss",
    setup: InLoopSetup | None = None,
) -> SymmetricOperator:  # fmt: skip
    """Return the matrix of compiled programs, such as a Hessian, at the weights `params` as an operator.

    name    name of the number that must be finite, for messages
    setup   preparation in the compiled loop of the caller; None = the operator is prepared at once

    Raises UsageError if this number or the gradient is not finite.
    """
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
    """Raise UsageError unless `weight` is [N], finite, at least 0, and not all 0."""
    if weight.ndim != 1 or not np.isfinite(weight).all() or (weight < 0).any() or not weight.any():
        raise UsageError(
            f"Event weights have the shape {weight.shape} and the minimum {np.min(weight, initial=0)}.",
            "They must be finite numbers [N], at least 0 and not all 0.",
            "For negative weights, use hessian_operator with `weigh`.",
        )


def check_finite(value: float, slope: float = 0.0, *, name: str = "The loss") -> None:
    """Raise UsageError unless a loss, `value`, and the norm of its gradient, `slope`, are finite.

    `name` is the name of the loss in the message.
    """
    if not np.isfinite(value):
        raise UsageError(
            f"{name} is {value} at these parameters.",
            "It must be finite.",
            "Measure at an earlier step, lower the learning rate, or standardize the inputs.",
        )
    if not np.isfinite(slope):
        raise UsageError(
            "The gradient is not finite at these parameters, although the loss is finite.",
            "It must be finite; perhaps a root or logarithm is differentiated at zero.",
            "Work in float64, or measure at other weights.",
        )
