"""The matrix-product peak of the machine: the fastest large float32 product of JAX or NumPy.

Task: size, products, device (default: cpu), precision (of JAX's products; optional).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from serve import Pass, serve, timed, versions


def setup(task: dict[str, Any]) -> tuple[dict[str, Any], Pass]:
    """Return facts, the best way on this machine among them, and a pass: a few products that way."""
    from ravine.engines import prepare

    prepare(task.get("device", "cpu"))
    import jax

    if "precision" in task:
        jax.config.update("jax_default_matmul_precision", task["precision"])

    size = task["size"]
    devices = jax.devices()
    a = np.random.default_rng(0).random((size, size), np.float32)
    placed = [jax.device_put(a, device) for device in devices]
    product = jax.jit(lambda a: a @ a)
    operations = 2 * size**3

    def on(chosen: list[jax.Array]) -> Pass:
        def once() -> int:
            for _ in range(task["products"]):
                jax.block_until_ready([product(pair) for pair in chosen])
            return task["products"] * len(chosen)

        return once

    def numpy() -> int:
        for _ in range(task["products"]):
            a @ a
        return task["products"]

    ways: dict[str, Callable[[], int]] = {
        "JAX, one device": on(placed[:1]),
        "JAX, all devices": on(placed),
        "NumPy": numpy,
    }
    speed = {}
    for name, once in ways.items():
        once()
        passes = [timed(once) for _ in range(3)]
        speed[name] = max(answer["network_steps"] * operations / answer["seconds"] for answer in passes)
    best = max(speed, key=lambda name: speed[name])
    facts = {
        "way": best,
        "gflops": {name: value / 1e9 for name, value in speed.items()},
        "flops": operations,
        "versions": versions("jax", "numpy"),
    }
    return facts, ways[best]


if __name__ == "__main__":
    serve(setup)
