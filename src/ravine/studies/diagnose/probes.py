"""Measurements of a run at one point of training: pure functions of the run's state, to be compiled.

    G   = mean of the gradients g_c of C pieces of b training rows each                (1)
    s   = mean of |g_c|^2,  q = |G|^2             s and q give the noise scale          (2)
    raised = share of pieces on which a step with their own gradient raises the loss   (3)
    A   = P^(-1/2) H P^(-1/2)    P: the optimizer's preconditioner, or 1               (4)
    theta = smallest and largest eigenvalue of A, by Lanczos from a given vector       (5)
    |update of a layer| / |weights of a layer|       for a step with the gradient G    (6)

H is the Hessian of the training loss, g_c the gradient of the loss of one piece. Both are taken without
dropout and penalties. Batch normalization uses the statistics of the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree

from ravine.diagnostics import ExtremeEigenvalues, extreme_eigenvalues, hessian_matvec
from ravine.networks import METRICS, AnyNetwork, Network, activation, find_loss, weighted_mean
from ravine.networks.label_smoothing import smoothed_cross_entropy
from ravine.networks.normalization_functions import batch_norm, layer_norm
from ravine.networks.parameters import LayerArrays, Params, Statistics
from ravine.studies.diagnose.layer_weights import first_weights, layer_weights
from ravine.training import Plan, Rows, RunState
from ravine.training.loop import Carry, Drawn, Numbers, optimizer_of, step

__all__ = ["hessian_ends", "measure_point", "measure_rows", "train_segment"]

Sums = tuple[jax.Array, jax.Array, jax.Array, jax.Array]  # over pieces: gradients, squares, raised, losses

FLAT_BELOW = 0.05  # share of the largest derivative; a unit with a smaller one is saturated for a row


def train_segment(
    plan: Plan,
    state: RunState,
    numbers: Numbers,
    factors: Mapping[str, jax.Array],
    batches: Rows,
    first: jax.Array,
) -> tuple[RunState, Any, Any]:
    """Train the steps between two points of measurement exactly as the training loop does.

    Returns the state of the run, the parameters that evaluate the network (an average, if the optimizer keeps
    one), and the loss of each batch [steps].

    numbers: hyperparameters. factors: factor of each schedule by step [steps]. batches: rows of each step, x
    [steps, B, D]. first: number of the first step.
    """

    def one_step(carry: Carry, drawn: Drawn) -> tuple[Carry, jax.Array]:
        state, t = carry
        state, value = step(plan, state, numbers, drawn[1], drawn[0], t)
        return (state, t + 1), value

    (state, _), losses = jax.lax.scan(one_step, (state, first), (batches, factors))
    last = {name: values[-1] for name, values in factors.items()}
    eval_params = optimizer_of(plan, numbers, state.params, last).eval_params(state.params, state.opt_state)
    return state, eval_params, losses


def measure_point(
    plan: Plan,
    state: RunState,
    eval_params: Params,
    numbers: Numbers,
    factors: Mapping[str, jax.Array],
    pieces: Rows,
    valid: Rows,
) -> dict[str, Any]:
    """Measure a network at one point of training; return losses, gradients and more numbers by name.

    pieces: training rows in C pieces of b rows, which give one gradient each, x [C, b, D]. valid: validation
    rows, x [m, D], for validation loss, score and hidden units. eval_params: parameters that evaluate the
    network. numbers: hyperparameters. factors: factors of the schedules at this point.
    """
    loss = _objective(plan, state.stats, numbers)
    optimizer = optimizer_of(plan, numbers, state.params, factors)
    flat, unravel = ravel_pytree(state.params)

    def one_piece(carry: Sums, rows: Rows) -> tuple[Sums, jax.Array]:
        total, squares, raised, values = carry
        value, gradient = jax.value_and_grad(loss)(state.params, rows)
        updates, _ = optimizer.update(gradient, state.opt_state, state.params)
        after = loss(optax.apply_updates(state.params, updates), rows)
        g = ravel_pytree(gradient)[0]
        up = jnp.where(after > value, 1, 0).astype(flat.dtype)  # (3)
        up = jnp.where(jnp.isfinite(after), up, 1).astype(flat.dtype)
        return (total + g, squares + g @ g, raised + up, values + value), _row_losses(
            plan, eval_params, state.stats, numbers, rows
        )

    zero = jnp.zeros((), flat.dtype)
    carry = jnp.zeros_like(flat), zero, zero, zero
    (total, squares, raised, values), train_rows = jax.lax.scan(one_piece, carry, pieces)
    count = pieces.y.shape[0]
    mean = total / count  # (1)
    gradients = unravel(mean)
    updates, _ = optimizer.update(gradients, state.opt_state, state.params)
    layers = partial(layer_weights, plan.network)
    norms = jnp.stack([jnp.linalg.norm(weights) for weights in layers(gradients)])
    first = first_weights(plan.network, gradients)
    up = jnp.sum(jnp.where(first > 0, 1, 0), axis=0).astype(flat.dtype)
    down = jnp.sum(jnp.where(first < 0, 1, 0), axis=0).astype(flat.dtype)
    outputs, hidden, back = _flow(plan, eval_params, state.stats, numbers, valid)
    flat_units = _flat_units(plan.network, hidden)
    rows = find_loss(plan.loss)(outputs, valid.y)
    weights = None if pieces.weight is None else pieces.weight.ravel()
    measured = {
        "train_loss": weighted_mean(train_rows.ravel(), weights),
        "objective": values / count,
        "valid_loss": weighted_mean(rows, valid.weight),
        "score": METRICS[plan.metric](outputs, valid.y, valid.weight, numbers["target_scale"]),
        "squares": squares / count,  # (2)
        "signal": mean @ mean,
        "raised": raised / count,
        "agreeing": jnp.sum(up * (up - 1) + down * (down - 1)) / 2,
        "pairs": jnp.sum((up + down) * (up + down - 1)) / 2,
        "weight_norm": jnp.linalg.norm(flat),
        "gradient": norms,
        "relative_update": jnp.stack(
            [_relative_size(*pair) for pair in zip(layers(updates), layers(state.params), strict=True)]  # (6)
        ),
        "train_rows": train_rows.ravel(),
        "valid_rows": rows,
        "outputs": outputs,
    }
    if back:
        measured["flow"] = jnp.stack([jnp.linalg.norm(gradient.ravel()) for gradient in back])
    if flat_units:
        measured["saturated"] = jnp.stack([jnp.mean(layer.astype(flat.dtype)) for layer in flat_units])
        measured["dead"] = jnp.stack(
            [jnp.mean(jnp.all(layer, axis=0).astype(flat.dtype)) for layer in flat_units]
        )
    return measured


def measure_rows(
    plan: Plan, state: RunState, eval_params: Params, numbers: Numbers, pieces: Rows, valid: Rows
) -> dict[str, jax.Array]:
    """Measure the losses of a network: return `train_loss`, `valid_loss` and `valid_rows` [m] by name.

    The first two are means over the rows; the last holds the loss of each validation row. pieces: training
    rows in groups, x [C, b, D]. valid: validation rows, x [m, D].
    """
    train = Rows(*(None if array is None else array.reshape(-1, *array.shape[2:]) for array in pieces))
    train_rows = _row_losses(plan, eval_params, state.stats, numbers, train)
    valid_rows = _row_losses(plan, eval_params, state.stats, numbers, valid)
    return {
        "train_loss": weighted_mean(train_rows, train.weight),
        "valid_loss": weighted_mean(valid_rows, valid.weight),
        "valid_rows": valid_rows,
    }


def _relative_size(update: jax.Array, weights: jax.Array) -> jax.Array:
    """Return the norm of the update of a layer's weights over the norm of the weights; 0 for weights of 0."""
    change, size = jnp.linalg.norm(update), jnp.linalg.norm(weights)
    return jnp.where(size > 0, change / jnp.where(size > 0, size, 1), 0)


def _flat_units(network: AnyNetwork, hidden: list[jax.Array]) -> list[jax.Array]:
    """Return for each layer whether a unit is in a flat part of its activation, [rows, units].

    Flat: the derivative is below FLAT_BELOW of its maximum. The list is empty if the derivative is not known.
    """
    if not isinstance(network, Network):
        return []
    facts = activation(network.activation)
    derivative = facts.derivative_of_output
    if derivative is None:
        return []
    rows = [h.reshape(-1, h.shape[-1]) for h in hidden]
    if not facts.has_flat_side:
        return [jnp.zeros(h.shape, bool) for h in rows]
    return [derivative(h) / facts.derivative_max < FLAT_BELOW for h in rows]


def hessian_ends(
    plan: Plan, products: int, state: RunState, numbers: Numbers, rows: Rows, start: jax.Array
) -> ExtremeEigenvalues:
    """Return the smallest and the largest eigenvalue of the Hessian of the training loss, by Lanczos.

    For an optimizer with a preconditioner, they are those of the preconditioned Hessian. Penalties and
    dropout are left out. The result also has the residuals and eigenvectors [parameter]. start: first vector
    [parameter]. products: number of products of the Hessian with a vector. rows: training rows, x [n, D].
    """
    matvec = hessian_matvec(_objective(plan, state.stats, numbers), state.params, rows)
    diagonal = plan.rule.preconditioner(state.opt_state, numbers["hyper"])
    if diagonal is None:
        return extreme_eigenvalues(matvec, start, products)
    root = 1 / jnp.sqrt(ravel_pytree(diagonal)[0])
    return extreme_eigenvalues(lambda v: root * matvec(root * v), start, products)  # (4)


def _objective(plan: Plan, stats: Statistics, numbers: Numbers) -> Callable[[Params, Rows], jax.Array]:
    network = plan.network
    if isinstance(network, Network):
        network = replace(network, dropout=False)
    loss: Callable[..., jax.Array] = find_loss(plan.loss)
    if plan.label_smoothing:
        loss = partial(_smoothed, numbers["extra"]["label_smoothing"])

    def value(params: Params, rows: Rows) -> jax.Array:
        if network.mixes_rows:
            outputs, _ = network.apply_training(params, rows.x, stats, numbers["extra"])
        else:
            outputs = network.apply(params, rows.x, stats, numbers["extra"])
        losses = loss(outputs, rows.y)
        return jnp.mean(losses if rows.weight is None else losses * rows.weight)

    return value


def _smoothed(share: jax.Array, outputs: jax.Array, y: jax.Array) -> jax.Array:
    return smoothed_cross_entropy(outputs, y, share)


def _row_losses(plan: Plan, params: Params, stats: Statistics, numbers: Numbers, rows: Rows) -> jax.Array:
    return find_loss(plan.loss)(plan.network.apply(params, rows.x, stats, numbers["extra"]), rows.y)


def _flow(
    plan: Plan, params: Params, stats: Statistics, numbers: Numbers, rows: Rows
) -> tuple[jax.Array, list[Any], list[Any]]:
    """Return outputs and activations, and the gradients of the loss with respect to the activations.

    Dropout is off, and batch normalization uses its running statistics.
    """
    network, shapes = plan.network, []
    if not isinstance(network, Network):  # its activations are not known
        return network.apply(params, rows.x, stats, numbers["extra"]), [], []

    def normalize(k: int, layer: LayerArrays, z: jax.Array) -> jax.Array:
        return batch_norm(layer, z, stats[k]) if network.norm_type.over_rows else layer_norm(layer, z)

    def add_shape(k: int, h: jax.Array) -> jax.Array:
        shapes.append(h)
        return h

    jax.eval_shape(lambda x: network._outputs(params, x, numbers["extra"], normalize, add_shape), rows.x)
    zeros = [jnp.zeros(h.shape, h.dtype) for h in shapes]

    def loss(added: list[jax.Array]) -> Any:
        hidden = []

        def displace(k: int, h: jax.Array) -> jax.Array:
            hidden.append(h)
            return h + added[k]

        outputs = network._outputs(params, rows.x, numbers["extra"], normalize, displace)
        return weighted_mean(find_loss(plan.loss)(outputs, rows.y), rows.weight), (outputs, hidden)

    back, (outputs, hidden) = jax.grad(loss, has_aux=True)(zeros)
    return outputs, hidden, back
