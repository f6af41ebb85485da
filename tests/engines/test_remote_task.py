"""The work of a Dask worker: it names what it lacks, keeps what it got, and refuses other versions."""

import numpy as np
import pytest

from ravine.engines import remote_task
from ravine.engines.remote_task import Call, run_task, versions
from ravine.engines.shared_objects import LARGE_BYTES, pack


@pytest.fixture(autouse=True)
def empty(monkeypatch):
    monkeypatch.setattr(remote_task, "_objects", {})


def call_for(function, *packed, own=None, precision="float32"):
    return Call(function, tuple(item.name for item in packed), precision, "cpu", own or versions())


def test_a_worker_names_what_it_lacks_and_keeps_what_it_got():
    large = np.random.default_rng(1).random(LARGE_BYTES)
    first, second = pack(["a", large]), pack(["b", large])
    call = call_for(
        lambda one, other, device, task: (one[0] + other[0], one[1] is other[1], task), first, second
    )
    lacking = run_task(call, 1, {})
    assert set(lacking.missing) == {*first.values, *second.values} and lacking.result is None
    without_second = run_task(call, 1, first.values)
    assert without_second.missing == (second.name.key,)  # the large array is there with the first
    answer = run_task(call, 1, {second.name.key: second.values[second.name.key]})
    assert answer.result == ("ab", True, 1) and not answer.missing
    assert run_task(call, 2, {}).result == ("ab", True, 2)


def test_only_the_newest_objects_are_kept():
    packed = [pack(number) for number in range(remote_task.MAX_OBJECTS + 1)]
    for item in packed:
        assert run_task(call_for(lambda value, device, task: value, item), 0, item.values).missing == ()
    assert (
        run_task(call_for(lambda value, device, task: value, packed[0]), 0, {}).missing == packed[0].name.keys
    )
    assert run_task(call_for(lambda value, device, task: value, packed[1]), 0, {}).result == 1


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_the_precision_holds(precision):
    import jax.numpy as jnp

    call = call_for(lambda device, task: str(jnp.ones(2).dtype), precision=precision)
    assert run_task(call, 0, {}).result == precision


def test_other_versions_compute_nothing():
    def fail(device, task):
        raise AssertionError("it ran")

    answer = run_task(call_for(fail, own=versions() | {"jaxlib": "0.0.1"}), 0, {})
    assert answer.versions == versions() and answer.result is None
