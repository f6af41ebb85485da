"""An optimizer of your own in a comparison: the sign of the momentum.

Run it with `python examples/own_optimizer.py`, or type
`ravine compare iris -O adam,examples/own_optimizer.py:sign_momentum`.
"""

import jax
import jax.numpy as jnp
import optax

import ravine


def sign_momentum(learning_rate, rho=0.9):
    """v <- rho v + g;  w <- w - eta sign(v)."""

    def init(params):
        return jax.tree.map(jnp.zeros_like, params)

    def update(grads, velocity, params=None):
        velocity = jax.tree.map(lambda v, g: rho * v + g, velocity, grads)
        return jax.tree.map(lambda v: -learning_rate * jnp.sign(v), velocity), velocity

    return optax.GradientTransformation(init, update)


sign_momentum.learning_rates = 1e-5, 1e-1  # the range that a search tries first

if __name__ == "__main__":
    result = ravine.compare("iris", optimizers=["adam", sign_momentum], effort="quick", progress=False)
    print(result.leaderboard_table[["optimizer", "learning_rate", "median"]])
