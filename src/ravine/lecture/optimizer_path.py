"""The path of an optimizer on a loss with a given gradient. For use inside `jax.jit` or `jax.vmap`."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from ravine.optimizers import Optimizer

__all__ = ["optimizer_path"]


def optimizer_path(
    rule: Optimizer, gradient: Callable[[jax.Array, jax.Array], jax.Array], start: jax.Array, steps: int
) -> jax.Array:
    """Run an optimizer from `start` [...]; return the start and its evaluation points: [steps + 1, ...].

    The evaluation point is the point at which a loss is reported. For most optimizers this is the point of
    the next gradient, but not for those that look ahead, such as Nesterov.

    gradient: function (w, t) that returns the gradient [...] at the point w [...]; t = 0 in the first step.
    """

    def step(carry: tuple, t: jax.Array) -> tuple[tuple, jax.Array]:
        w, state = carry
        update, state = rule.update(gradient(w, t), state, w)
        w = w + update
        return (w, state), rule.eval_params(w, state)

    _, path = jax.lax.scan(step, (start, rule.init(start)), jnp.arange(steps))
    return jnp.concatenate([start[None], path])
