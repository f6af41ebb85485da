"""One training run as a pure function of numbers: draw a batch, take the gradient, update the weights.

    g_t     = grad L_batch(w_t)          (1)
    w_(t+1) = w_t + update(g_t)          (2)      the update of the optimizer with its transforms

    1. The schedules give the hyperparameters of step t.
    2. Augmentation changes the inputs, and dropout is drawn, by the random key of the run folded with t.
    3. Equation (1) gives the gradient, with the loss of the plan, batch statistics and row weights.
    4. Equation (2) changes the weights, with the transforms in the order of `ravine.optimizers.compose`.

`step` and `evaluate` treat a single run. `program` maps them over the runs of a group.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, NotRequired, TypedDict

import jax
import jax.numpy as jnp
import optax

from ravine.networks import METRICS, find_loss, weighted_mean
from ravine.networks.augmentation import augment, mixed_loss
from ravine.networks.label_smoothing import smoothed_cross_entropy
from ravine.networks.parameters import Params, Statistics
from ravine.optimizers import Decay, Optimizer, compose
from ravine.training.plan import EvaluationKey, Plan

__all__ = [
    "Carry",
    "Drawn",
    "Numbers",
    "Rows",
    "RunState",
    "advance",
    "evaluate",
    "loss_and_score",
    "optimizer_of",
    "start",
    "step",
]

Drawn = tuple["Rows", Mapping[str, jax.Array]]
"""Rows of some steps, and the factors of the schedules at these steps, by name of the hyperparameter."""

Carry = tuple["RunState", jax.Array]
"""State of a run, and the number of steps that it has done."""


LATE_UPDATES_FROM = 300_000
"""Number of parameters from which on a step updates the weights after all gradients, which is faster."""

OPTIMIZER_KEY = 2**32 - 1  # folded into the random key of a run for its optimizer; no step has this number


class Numbers(TypedDict):
    """The numbers of a run that enter its compiled program: scalars, or arrays [run] for several runs.

    rate: learning rate. target_scale: standard deviation of a regression target in its own unit, 1 for
    classes.
    hyper: hyperparameters of the optimizer, by name.
    extra: hyperparameters of network, transforms, label smoothing and augmentation, by name.
    key: random key [2], only where the run draws random numbers.
    """

    rate: jax.Array
    target_scale: jax.Array
    hyper: Mapping[str, jax.Array | Decay]
    extra: Mapping[str, Any]
    key: NotRequired[jax.Array]


class Rows(NamedTuple):
    """Rows of data as the network sees them: inputs x [..., D], targets y [...], row weights [...] or None.

    y: class indices (int32) or standardized targets.
    """

    x: Any
    y: Any
    weight: Any = None


class RunState(NamedTuple):
    """The state of a run between two training steps, from which the run can go on.

    params: stored parameters, layer by layer. opt_state: state of the optimizer with its transforms.
    stats: running statistics of batch normalization, () without it.
    """

    params: Params
    opt_state: optax.OptState
    stats: Statistics = ()


def optimizer_of(
    plan: Plan, numbers: Numbers, params: Params, factors: Mapping[str, jax.Array] | None = None
) -> Optimizer:
    """Return the optimizer of a run, with its transforms, at the hyperparameters of one step.

    factors: factors of the schedules at this step, by name of the hyperparameter that each multiplies. None =
    all factors are 1. params: parameters of the network, which fix the weights that decay.
    """
    now = _scheduled(numbers, factors)
    key = {"key": jax.random.fold_in(numbers["key"], OPTIMIZER_KEY)} if plan.rule.random else {}
    rule = plan.rule.build(now["rate"], **now["hyper"], **key)
    if not plan.transforms:
        return rule
    transforms = {name: now["extra"][name] for name in plan.transforms}
    return compose(rule, rate=now["rate"], mask=plan.network.decay_mask(params), **transforms)


def _scheduled(numbers: Numbers, factors: Mapping[str, jax.Array] | None) -> Numbers:
    """Return the numbers of a step: every scheduled hyperparameter times its factor at this step."""
    if not factors:
        return numbers

    def scale_all(values: Mapping[str, jax.Array | Decay]) -> dict[str, jax.Array | Decay]:
        return {name: _scaled(value, factors.get(name)) for name, value in values.items()}

    rate = _scaled_array(numbers["rate"], factors.get("rate"))
    return {
        **numbers,
        "rate": rate,
        "hyper": scale_all(numbers["hyper"]),
        "extra": scale_all(numbers["extra"]),
    }


def _scaled(value: jax.Array | Decay, factor: jax.Array | None) -> jax.Array | Decay:
    """Return a hyperparameter times its factor; an averaging rate b keeps its complement 1 - b."""
    if not isinstance(value, Decay):
        return _scaled_array(value, factor)
    if factor is None:
        return value
    rate = value.rate * factor
    return Decay(rate, 1 - rate)


def _scaled_array(value: jax.Array, factor: jax.Array | None) -> jax.Array:
    if factor is None:
        return value
    # Clipping at infinity is off. It stays off at a factor of 0, where the product would be NaN.
    return jnp.where(jnp.isinf(value), value, value * factor)


def start(plan: Plan, params: Params, numbers: Numbers) -> RunState:
    """Return the state of a run before its first step, from its initial parameters and its numbers."""
    stats = jax.tree.map(jnp.asarray, plan.network.statistics(plan.precision))
    return RunState(params, optimizer_of(plan, numbers, params).init(params), stats)


def step(
    plan: Plan,
    state: RunState,
    numbers: Numbers,
    factors: Mapping[str, jax.Array],
    rows: Rows,
    t: jax.Array,
) -> tuple[RunState, jax.Array]:
    """Take one training step of a run, number `t` from 0, on one batch: rows x [B, D].

    factors: factors of the schedules at this step, by name of the hyperparameter. Returns the state after the
    step, and the loss of the batch before the step, a scalar.
    """
    numbers = _scheduled(numbers, factors)
    loss, x, y, key = _loss(plan, numbers), rows.x, rows.y, None
    if plan.random:
        key, augment_key = jax.random.split(jax.random.fold_in(numbers["key"], t))
        x, y = augment(plan.augment, augment_key, x, y, numbers["extra"], plan.image)

    def batch_loss(params: Params) -> tuple[jax.Array, Statistics]:
        outputs, stats = plan.network.apply_training(params, x, state.stats, numbers["extra"], key)
        # Weights have mean 1 over the training rows. Dividing by their sum over the batch would favor rows in
        # batches of low weight, and would be 0 / 0 in a batch of weight 0.
        return jnp.mean(mixed_loss(loss, outputs, y, rows.weight)), stats

    (value, stats), gradient = jax.value_and_grad(batch_loss, has_aux=True)(state.params)  # (1)
    if plan.network.parameters >= LATE_UPDATES_FROM:
        numbers = _after_all_gradients(numbers, gradient)
    optimizer = optimizer_of(plan, numbers, state.params)
    updates, opt_state = optimizer.update(gradient, state.opt_state, state.params)
    return RunState(optax.apply_updates(state.params, updates), opt_state, stats), value  # (2)


def _after_all_gradients(numbers: Numbers, gradient: Params) -> Numbers:
    """Return the same numbers, with a learning rate that the compiler knows only after all gradients.

    Otherwise it may update the weights of a layer while the gradients of earlier layers still need them, and
    copies them before. A learning rate plus 0 times a finite number is the same learning rate.
    """
    first = jnp.stack([leaf.ravel()[0] for leaf in jax.tree.leaves(gradient)])
    nothing = jnp.sum(0.0 * jnp.where(jnp.isfinite(first), first, 0.0))
    return {**numbers, "rate": numbers["rate"] + nothing}


def _loss(plan: Plan, numbers: Numbers) -> Callable[[jax.Array, jax.Array], jax.Array]:
    """Return the loss of the plan as a function: outputs [B, K], y [B] -> loss of each row [B]."""
    if not plan.label_smoothing:
        return find_loss(plan.loss)
    return lambda outputs, y: smoothed_cross_entropy(outputs, y, numbers["extra"]["label_smoothing"])


def evaluate(
    key: EvaluationKey, params: Params, stats: Statistics, numbers: Numbers, valid: Rows
) -> tuple[jax.Array, jax.Array]:
    """Return loss and score, two scalars, of a network on validation rows: x [m, D], y [m].

    key: the network and the names of loss and metric, from `Plan.evaluation_key`. params, stats: parameters
    and running statistics of the network. numbers: hyperparameters of the run.
    """
    outputs = key[0].apply(params, valid.x, stats, numbers["extra"])
    return loss_and_score(key, outputs, numbers["target_scale"], valid)


def loss_and_score(
    key: EvaluationKey, outputs: jax.Array, target_scale: jax.Array, rows: Rows
) -> tuple[jax.Array, jax.Array]:
    """Return loss and score, two scalars, of network outputs [m, K] for rows y [m].

    key: the names of loss and metric, from `Plan.evaluation_key`. target_scale: standard deviation of a
    regression target in its own unit.
    """
    _, loss, metric, *_ = key
    return (
        weighted_mean(find_loss(loss)(outputs, rows.y), rows.weight),
        METRICS[metric](outputs, rows.y, rows.weight, target_scale),
    )


def advance(
    plan: Plan,
    state: RunState,
    numbers: Numbers,
    batches: Rows,
    valid: Rows,
    factors: Mapping[str, jax.Array] | None = None,
    first: int = 0,
) -> tuple[RunState, dict[str, jax.Array]]:
    """Train one run for E segments of steps, from step `first`, and evaluate it after each segment.

    batches: training rows, x [E, steps, B, D]. valid: validation rows, x [m, D]. factors: factors of the
    schedules, {name of the hyperparameter: [E, steps]}, None = all 1. Returns the state and the series
    `train_loss`, `valid_loss` and `score`, [E] each. `train_loss` is the mean over the batches of a segment;
    the loss of a batch is measured before the step on this batch.
    """

    def one_step(carry: Carry, drawn: Drawn) -> tuple[Carry, jax.Array]:
        state, t = carry
        state, value = step(plan, state, numbers, drawn[1], drawn[0], t)
        return (state, t + 1), value

    def segment(carry: Carry, drawn: Drawn) -> tuple[Carry, dict[str, jax.Array]]:
        (state, t), values = jax.lax.scan(one_step, carry, drawn)
        last = {name: factor[-1] for name, factor in drawn[1].items()}
        params = optimizer_of(plan, numbers, state.params, last).eval_params(state.params, state.opt_state)
        loss, score = evaluate(plan.evaluation_key, params, state.stats, numbers, valid)
        return (state, t), {"train_loss": jnp.mean(values), "valid_loss": loss, "score": score}

    carry = state, jnp.asarray(first, jnp.int32)
    (state, _), series = jax.lax.scan(segment, carry, (batches, factors or {}))
    return state, series
