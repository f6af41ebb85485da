"""Processes pinned to cores: order, shared memory, workers that die, failures, and no remains."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ravine.engines import find_devices
from ravine.engines.process_engine import ProcessEngine
from ravine.engines.shared_objects import LARGE_BYTES
from ravine.errors import DataError, UsageError


@pytest.fixture
def engine():
    made = ProcessEngine(find_devices("cpu"))
    yield made
    made.close()


def test_results_are_in_order_each_on_a_core_with_large_arrays_in_shared_memory(engine):
    large = np.random.default_rng(0).random(LARGE_BYTES)

    def function(shared, device, task):
        time.sleep(0.05)
        array = shared["large"]
        return (
            sorted(os.sched_getaffinity(0)),
            float(array[task]),
            array.flags.writeable,
            type(array.base).__name__,
        )

    for _ in range(2):
        results = engine.map(function, ({"large": large},), range(12), "float32")
        assert [value for _, value, *_ in results] == large[:12].tolist()
        assert {tuple(cores) for cores, *_ in results} == {(core,) for core in os.sched_getaffinity(0)}
        assert {tuple(rest) for _, _, *rest in results} == {(False, "memmap")}
    assert engine.map(function, (None,), [], "float32") == []


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_the_precision_holds(engine, precision):
    def function(device, task):
        import jax.numpy as jnp

        return str(jnp.ones(2).dtype)

    assert set(engine.map(function, (), range(4), precision)) == {precision}


def test_a_killed_worker_is_replaced_and_loses_nothing(engine, tmp_path):
    def function(path, device, task):
        if task == 3 and not path.exists():
            path.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return task

    assert engine.map(function, (tmp_path / "killed",), range(8), "float32") == list(range(8))
    assert (tmp_path / "killed").exists()


def test_a_task_that_ends_every_worker_is_given_up(engine):
    with pytest.raises(DataError, match="ended while they computed the same task"):
        engine.map(lambda device, task: os.kill(os.getpid(), signal.SIGKILL), (), range(1), "float32")
    assert engine.map(lambda device, task: task, (), range(3), "float32") == [0, 1, 2]


def test_a_failure_is_raised_again_and_the_engine_goes_on(engine):
    def function(device, task):
        if task == 1:
            raise KeyError("this one")
        return task

    def odd(device, task):
        class Local(Exception):
            def __reduce__(self):
                raise TypeError("it stays here")

        raise Local("of no module")

    with pytest.raises(KeyError, match="this one"):
        engine.map(function, (), range(100), "float32")
    with pytest.raises(RuntimeError, match="Local: of no module"):
        engine.map(odd, (), range(2), "float32")
    assert engine.map(function, (), [5, 6], "float32") == [5, 6]


def test_a_gpu_is_refused():
    with pytest.raises(UsageError, match="cannot train on"):
        ProcessEngine(replace(find_devices("cpu"), kind="gpu"))


def test_a_killed_owner_leaves_no_process(wait_until):
    code = (
        "import time; from ravine.engines import find_devices; "
        "from ravine.engines.process_engine import ProcessEngine; "
        "engine = ProcessEngine(find_devices('cpu')); "
        "engine.map(lambda device, task: task, (), range(4), 'float32'); "
        "print(*[worker.process.pid for worker in engine._workers], flush=True); time.sleep(600)"
    )
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    workers = [Path(f"/proc/{pid.decode()}") for pid in owner.stdout.readline().split()]
    assert workers and all(folder.exists() for folder in workers)
    owner.kill()
    owner.wait()
    owner.stdout.close()
    wait_until(lambda: not any(folder.exists() for folder in workers))
