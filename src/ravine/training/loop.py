"""One run: draw a batch, take the gradient, update, next. A pure function of numbers.

    g_t = grad L_batch(w_t)          (1)
    w_(t+1) = w_t + rule(g_t)        (2)

Nothing here knows of cohorts: `step` and `evaluate` are mapped over runs by `program`.

The numbers of a run: `rate`, `target_scale`, `hyper` (the rule's, by name), `extra` (the network's,
and of what goes around the rule, by name), `key` where steps draw random numbers. Whatever is scheduled comes
with a factor for each step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, NotRequired, TypedDict

import jax
import jax.numpy as jnp
import optax

from ravine.networks import LOSSES, METRICS, weighted_mean
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
    "optimizer_of",
    "start",
    "step",
]

Drawn = tuple["Rows", Mapping[str, jax.Array]]  # the rows of steps, and the factors by name
Carry = tuple["RunState", jax.Array]  # a run, and the steps it has done


class Numbers(TypedDict):
    """The numbers of a run, or of the runs of a group; see the head of this file."""

    rate: jax.Array
    target_scale: jax.Array
    hyper: Mapping[str, jax.Array | Decay]
    extra: Mapping[str, Any]
    key: NotRequired[jax.Array]


class Rows(NamedTuple):
    """Rows as the network sees them: x [..., D], y [...], weight [...] or None."""

    x: Any
    y: Any
    weight: Any = None


class RunState(NamedTuple):
    """What a run carries from step to step: parameters, the optimizer's state, running statistics."""

    params: Params
    opt_state: optax.OptState
    stats: Statistics = ()


def optimizer_of(
    plan: Plan, numbers: Numbers, params: Params, factors: Mapping[str, jax.Array] | None = None
) -> Optimizer:
    """Return the rule with the run's numbers, each times its factor if it has one, and all around it."""
    now = _scheduled(numbers, factors)
    rule = plan.rule.build(now["rate"], **now["hyper"])
    if not plan.around:
        return rule
    around = {name: now["extra"][name] for name in plan.around}
    return compose(rule, rate=now["rate"], mask=plan.network.decay_mask(params), **around)


def _scheduled(numbers: Numbers, factors: Mapping[str, jax.Array] | None) -> Numbers:
    """Return the numbers of a step: each times its factor, if it has one."""
    if not factors:
        return numbers

    def moved(each: Mapping[str, jax.Array | Decay]) -> dict[str, jax.Array | Decay]:
        return {name: _moved(value, factors.get(name)) for name, value in each.items()}

    rate = _scaled(numbers["rate"], factors.get("rate"))
    return {**numbers, "rate": rate, "hyper": moved(numbers["hyper"]), "extra": moved(numbers["extra"])}


def _moved(value: jax.Array | Decay, factor: jax.Array | None) -> jax.Array | Decay:
    if not isinstance(value, Decay):
        return _scaled(value, factor)
    if factor is None:
        return value
    kept = value.rate * factor
    return Decay(kept, 1 - kept)


def _scaled(value: jax.Array, factor: jax.Array | None) -> jax.Array:
    if factor is None:
        return value
    return jnp.where(jnp.isinf(value), value, value * factor)  # what is off, a clip at infinity, stays off


def start(plan: Plan, params: Params, numbers: Numbers) -> RunState:
    """Return the state at step 0."""
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
    """Take step `t` on one batch: x [B, D]. Returns the state and the batch's loss before the step."""
    numbers = _scheduled(numbers, factors)
    loss, x, y, key = _loss(plan, numbers), rows.x, rows.y, None
    if plan.random:
        key, drawing = jax.random.split(jax.random.fold_in(numbers["key"], t))
        x, y = augment(plan.augment, drawing, x, y, numbers["extra"], plan.image)

    def batch_loss(params: Params) -> tuple[jax.Array, Statistics]:
        outputs, stats = plan.network.apply_training(params, x, state.stats, numbers["extra"], key)
        # Weights have mean 1 over the training rows. Dividing by the batch's own sum would favour rows that
        # meet light ones, and be 0 / 0 in a batch without any weight.
        return jnp.mean(mixed_loss(loss, outputs, y, rows.weight)), stats

    optimizer = optimizer_of(plan, numbers, state.params)
    (value, stats), gradient = jax.value_and_grad(batch_loss, has_aux=True)(state.params)  # (1)
    updates, opt_state = optimizer.update(gradient, state.opt_state, state.params)
    return RunState(optax.apply_updates(state.params, updates), opt_state, stats), value  # (2)


def _loss(plan: Plan, numbers: Numbers) -> Any:
    if not plan.smoothing:
        return LOSSES[plan.loss]
    return lambda outputs, y: smoothed_cross_entropy(outputs, y, numbers["extra"]["smoothing"])


def evaluate(
    key: EvaluationKey, params: Params, stats: Statistics, numbers: Numbers, valid: Rows
) -> tuple[jax.Array, jax.Array]:
    """Return loss and score of parameters on validation rows; `key` is the plan's."""
    network, loss, metric, *_ = key
    outputs = network.apply(params, valid.x, stats, numbers["extra"])
    return (
        weighted_mean(LOSSES[loss](outputs, valid.y), valid.weight),
        METRICS[metric](outputs, valid.y, valid.weight, numbers["target_scale"]),
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
    """Go on by E stretches of `plan.steps_per_evaluation` steps from step `first`, and evaluate after each.

    batches: x [E, steps, B, D]. valid: x [m, D]. factors: {name: [E, steps]}. Returns the state and the
    series `train_loss` (mean over the stretch's batches, each before its update), `valid_loss`, `score`, [E].
    """

    def one_step(carry: Carry, drawn: Drawn) -> tuple[Carry, jax.Array]:
        state, t = carry
        state, value = step(plan, state, numbers, drawn[1], drawn[0], t)
        return (state, t + 1), value

    def stretch(carry: Carry, drawn: Drawn) -> tuple[Carry, dict[str, jax.Array]]:
        (state, t), values = jax.lax.scan(one_step, carry, drawn)
        last = {name: each[-1] for name, each in drawn[1].items()}
        params = optimizer_of(plan, numbers, state.params, last).eval_params(state.params, state.opt_state)
        loss, score = evaluate(plan.evaluation_key, params, state.stats, numbers, valid)
        return (state, t), {"train_loss": jnp.mean(values), "valid_loss": loss, "score": score}

    carry = state, jnp.asarray(first, jnp.int32)
    (state, _), series = jax.lax.scan(stretch, carry, (batches, factors or {}))
    return state, series
