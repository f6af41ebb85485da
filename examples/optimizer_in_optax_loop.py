"""An optimizer of Ravine in a plain loop of optax.

Run it with `python examples/optimizer_in_optax_loop.py`.
"""

import jax
import jax.numpy as jnp
import optax

from ravine.optimizers import nesterov


def loss(w: jax.Array) -> jax.Array:
    """A valley, 25 times steeper across than along."""
    return 0.5 * (w[0] ** 2 + 25 * w[1] ** 2)


optimizer = nesterov(0.03, rho=0.9)
w = jnp.array([5.0, 1.0])
state = optimizer.init(w)
for _ in range(100):
    updates, state = optimizer.update(jax.grad(loss)(w), state, w)
    w = optax.apply_updates(w, updates)
print("loss at the evaluated parameters:", float(loss(optimizer.eval_params(w, state))))
