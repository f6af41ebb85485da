"""One run: draw a batch, take the gradient, update, next. A pure function of numbers.

    g_t = grad L_batch(w_t)          (1)
    w_(t+1) = w_t + rule(g_t)        (2)

Nothing here knows of cohorts: `advance` is mapped over runs by `cohort`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from ravine.networks import LOSSES, METRICS, weighted_mean
from ravine.optimizers import Optimizer, scheduled
from ravine.training.plan import Plan

__all__ = ["Rows", "RunState", "advance", "optimizer_of", "start"]

RESERVED = ("rate", "decays", "unit")


class Rows(NamedTuple):
    """Rows as the network sees them: x [..., D], y [...], weight [...] or None."""

    x: Any
    y: Any
    weight: Any = None


class RunState(NamedTuple):
    """What a run carries from one stretch to the next: parameters, and the optimizer's state."""

    params: Any
    slots: Any


def optimizer_of(plan: Plan, numbers: dict[str, Any]) -> Optimizer:
    """Return the rule with the run's numbers: `rate`, `decays` (0 constant, 1 to zero), hyperparameters."""
    rate = scheduled(numbers["rate"], plan.steps, numbers["decays"])
    hyper = {name: value for name, value in numbers.items() if name not in RESERVED}
    return plan.rule.build(rate, **hyper)


def start(plan: Plan, params: Any, numbers: dict[str, Any]) -> RunState:
    """Return the state at step 0."""
    return RunState(params, optimizer_of(plan, numbers).init(params))


def advance(
    plan: Plan, state: RunState, numbers: dict[str, Any], batches: Rows, valid: Rows
) -> tuple[RunState, dict[str, jax.Array]]:
    """Go on by E stretches of `plan.stride` steps, and evaluate after each.

    batches: x [E, stride, B, D]. valid: x [m, D]. Returns the state and the series `train_loss` (mean over
    the stretch's batches, each before its update), `valid_loss`, `score`, each [E].
    """
    optimizer = optimizer_of(plan, numbers)
    loss, metric = LOSSES[plan.loss], METRICS[plan.metric]

    def batch_loss(params: Any, rows: Rows) -> jax.Array:
        # Weights have mean 1 over the training rows. Dividing by the batch's own sum would favour rows that
        # meet light ones, and be 0 / 0 in a batch without any weight.
        values = loss(plan.network.apply(params, rows.x), rows.y)
        return jnp.mean(values if rows.weight is None else values * rows.weight)

    def step(carry: tuple[RunState, jax.Array], batch: Rows) -> tuple[tuple[RunState, jax.Array], None]:
        (params, slots), total = carry
        value, gradient = jax.value_and_grad(batch_loss)(params, batch)  # (1)
        updates, slots = optimizer.update(gradient, slots, params)
        params = optax.apply_updates(params, updates)  # (2)
        return (RunState(params, slots), total + value), None

    def stretch(state: RunState, batches: Rows) -> tuple[RunState, dict[str, jax.Array]]:
        zero = jnp.zeros((), valid.x.dtype)
        (state, total), _ = jax.lax.scan(step, (state, zero), batches)
        outputs = plan.network.apply(optimizer.eval_params(state.params, state.slots), valid.x)
        return state, {
            "train_loss": total / jnp.asarray(plan.stride, total.dtype),
            "valid_loss": weighted_mean(loss(outputs, valid.y), valid.weight),
            "score": metric(outputs, valid.y, valid.weight, numbers["unit"]),
        }

    return jax.lax.scan(stretch, state, batches)
