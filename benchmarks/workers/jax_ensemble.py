"""JAX, all networks at once: a jitted, vmapped scan over steps of optax's Adam, one learning rate each.

Task: sizes, batch, steps, networks, rows, held.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from digits import digits, he, stream
from serve import Pass, serve, versions


def setup(task: dict[str, Any]) -> tuple[dict[str, Any], Pass]:
    """Return facts, and a pass that trains the whole ensemble from its start and evaluates it."""
    x, y, held_x, held_y = digits(task["rows"], task["held"])
    steps, count = task["steps"], task["networks"]
    generator = np.random.default_rng(1)
    rates = jnp.asarray(np.geomspace(1e-4, 1e-2, count), jnp.float32)

    def apply(params: Any, rows: jax.Array) -> jax.Array:
        for weight, bias in params[:-1]:
            rows = jax.nn.relu(rows @ weight + bias)
        return rows @ params[-1][0] + params[-1][1]

    def loss_of(params: Any, rows: jax.Array, labels: jax.Array) -> jax.Array:
        return optax.softmax_cross_entropy_with_integer_labels(apply(params, rows), labels).mean()

    def run(params: Any, rate: jax.Array, batches: Any, held_out: Any) -> tuple[jax.Array, jax.Array]:
        rule = optax.adam(rate)

        def step(carry: Any, batch: Any) -> tuple[Any, None]:
            params, state = carry
            updates, state = rule.update(jax.grad(loss_of)(params, *batch), state)
            return (optax.apply_updates(params, updates), state), None

        (params, _), _ = jax.lax.scan(step, (params, rule.init(params)), batches)
        outputs = apply(params, held_out[0])
        return loss_of(params, *held_out), (outputs.argmax(1) == held_out[1]).mean()

    train = jax.jit(jax.vmap(run, in_axes=(0, 0, None, None)), donate_argnums=0)
    held_out = (jnp.asarray(held_x), jnp.asarray(held_y))

    def once() -> int:
        networks = [he(task["sizes"], generator) for _ in range(count)]
        params = jax.tree.map(lambda *leaves: jnp.stack(leaves), *networks)
        order = stream(len(x), task["batch"], steps, generator)
        jax.block_until_ready(train(params, rates, (jnp.asarray(x[order]), jnp.asarray(y[order])), held_out))
        return count * steps

    return {"devices": str(jax.devices()), "versions": versions("jax", "optax", "numpy")}, once


if __name__ == "__main__":
    serve(setup)
