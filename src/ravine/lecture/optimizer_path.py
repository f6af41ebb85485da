"""Where a rule walks on a loss that can be written down. To be called inside `jax.jit` or `jax.vmap`."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from ravine.optimizers import Optimizer

__all__ = ["optimizer_path"]


def optimizer_path(
    rule: Optimizer, gradient: Callable[[jax.Array, jax.Array], jax.Array], start: jax.Array, steps: int
) -> jax.Array:
    """Return the points the rule is judged at, the start first: [steps + 1, ...] for a start [...].

    gradient(w, t) -> like w, at the point w where the rule wants it; t = 0 at the first step.
    """

    def step(carry: tuple, t: jax.Array) -> tuple[tuple, jax.Array]:
        w, state = carry
        update, state = rule.update(gradient(w, t), state, w)
        w = w + update
        return (w, state), rule.eval_params(w, state)

    _, path = jax.lax.scan(step, (start, rule.init(start)), jnp.arange(steps))
    return jnp.concatenate([start[None], path])
