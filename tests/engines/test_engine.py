"""The engine of threads: every task with the shared objects, in order, in the precision."""

from dataclasses import replace

import jax.numpy as jnp

from ravine.engines import ThreadEngine, find_devices


def test_tasks_get_the_shared_objects_themselves_and_a_device():
    found = find_devices("cpu")
    engine = ThreadEngine(replace(found, workers=found.workers[:1] * 3))
    shared = ["first"], {"second": 2}

    def function(first, second, device, task):
        return first, second, device, task, str(jnp.ones(1).dtype)

    results = engine.map(function, shared, range(7), "float64")
    assert [result[3] for result in results] == list(range(7))
    for first, second, device, _, dtype in results:
        assert first is shared[0] and second is shared[1] and device in found.workers and dtype == "float64"
    assert engine.in_process
