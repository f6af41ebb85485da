"""Keras on JAX, one network after another; a pass over the rows is one call of the compiled function.

The model is compiled once, and each network sets its weights anew. This favors Keras, because a new model
for each network would compile again. Task: sizes, batch, passes, networks, rows, held.
"""

from __future__ import annotations

import os
from typing import Any

os.environ["KERAS_BACKEND"] = "jax"

import keras
import numpy as np
from digits import digits
from serve import Pass, serve, versions


def setup(task: dict[str, Any]) -> tuple[dict[str, Any], Pass]:
    """Return facts and a pass: every network trained from its start, and evaluated at its end."""
    keras.utils.set_random_seed(1)
    x, y, held_x, held_y = digits(task["rows"], task["held"])
    steps = -(-len(x) // task["batch"])
    sizes = task["sizes"]
    hidden = [keras.layers.Dense(n, activation="relu", kernel_initializer="he_normal") for n in sizes[1:-1]]
    model = keras.Sequential([keras.Input((sizes[0],)), *hidden, keras.layers.Dense(sizes[-1])])
    model.compile(
        keras.optimizers.Adam(1e-3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=True,
        steps_per_execution=steps,
    )
    start = [np.array(array) for array in model.get_weights()]

    def once() -> int:
        for rate in np.geomspace(1e-4, 1e-2, task["networks"]):
            model.set_weights(start)
            for slot in model.optimizer.variables:
                slot.assign(np.zeros(slot.shape, slot.dtype))
            model.optimizer.learning_rate = float(rate)
            model.fit(x, y, batch_size=task["batch"], epochs=task["passes"], verbose=0)
            model.evaluate(held_x, held_y, batch_size=len(held_x), verbose=0)
        return task["networks"] * steps * task["passes"]

    return {"backend": keras.backend.backend(), "versions": versions("keras", "jax", "numpy")}, once


if __name__ == "__main__":
    serve(setup)
