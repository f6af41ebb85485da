"""Work is shared out among the workers, its results in order, its first failure told."""

import threading
import time
from dataclasses import replace

import jax.numpy as jnp
import pytest

from ravine.engines import find_devices, map_on_devices


@pytest.fixture(params=[1, 2, 5])
def devices(request):
    found = find_devices("cpu")
    return replace(found, workers=found.workers[:1] * request.param)


@pytest.mark.parametrize("count", [0, 1, 2, 17])
def test_results_are_in_order(devices, count):
    def square(device, item):
        time.sleep(0.001 * (item % 3))
        return device, item**2

    results = map_on_devices(devices, square, range(count), "float32")
    assert results == [(devices.workers[0], k**2) for k in range(count)]


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_the_precision_holds_in_every_thread(devices, precision):
    assert set(map_on_devices(devices, lambda _, k: str(jnp.ones(2).dtype), range(9), precision)) == {
        precision
    }


def test_all_workers_work(devices):
    """They meet: nobody comes further before all are there."""
    together = threading.Barrier(devices.count, timeout=20)
    assert (
        len(map_on_devices(devices, lambda _, k: together.wait(), range(devices.count), "float32"))
        == devices.count
    )


def test_a_failure_ends_the_work(devices):
    done = []

    def fail(_, k):
        if k == 3:
            raise KeyError("this one")
        time.sleep(0.01)
        done.append(k)

    with pytest.raises(KeyError, match="this one"):
        map_on_devices(devices, fail, range(1000), "float32")
    assert len(done) < 20
