"""A chunk as a function of a task: of equal tasks equal results, also for tasks that travelled as bytes."""

import os
import signal

import jax
import numpy as np
import pytest

from ravine.engines import ThreadEngine, open_engine, precision_context
from ravine.engines.shared_objects import pack, unpack
from ravine.training import chunk as chunk_module
from ravine.training import run_cohort, shape_for
from ravine.training.chunk import train_chunk_to_host

CASES = {
    "plain": {},
    "float64": {"precision": "float64"},
    "optax": {"optimizer": "optax:lion(b1=0.8)"},
    "early stopping": {"patience": np.array([1, 0, 2, 1, 0, 1, 3, 1, 1, 0, 1, 1, 2])},
    "random": {"network": {"dropout": True}, "extra": {"dropout": np.full(13, 0.3)}},
    "diverging": {"rates": [1e30, *[0.1] * 12]},
}


class Travelling:
    """An engine that sends tasks, shared objects and results through bytes, as between two machines.

    Every task is trained twice, and both results must be equal.
    """

    in_process = False

    def __init__(self, devices):
        self.device = devices.workers[0]
        self.tasks = 0

    def map(self, function, shared, tasks, precision):
        assert function is train_chunk_to_host
        with precision_context(precision):
            return [self.result(function, shared, task) for task in tasks]

    def result(self, function, shared, task):
        self.tasks += 1
        first, second = (function(*_sent(shared), self.device, _sent(task)) for _ in range(2))
        leaves = [jax.tree.leaves((r.series, r.final, r.state, r.best, r.weights)) for r in (first, second)]
        assert all(isinstance(leaf, np.ndarray) for leaf in leaves[0])
        for one, other in zip(*leaves, strict=True):
            np.testing.assert_array_equal(one, other)
        return _sent(first)


def _sent(value):
    packed = pack(value)
    values = dict(packed.values)
    return unpack(values.pop(packed.name.key), values)


@pytest.mark.parametrize("case", CASES)
def test_tasks_that_travel_give_the_same_record(case, cohort, devices, same):
    asked = cohort(**CASES[case])
    shape = shape_for(asked.plan, asked.batches, len(asked.runs), 3, devices)
    here = run_cohort(asked, shape, devices)
    engine = Travelling(devices)
    there = run_cohort(asked, shape, devices, engine=engine)
    same(here, there)
    for name in here.final:
        np.testing.assert_array_equal(here.final[name], there.final[name])
    assert engine.tasks >= 4
    if case == "diverging":
        assert there.counts()["diverged"] == 1


def test_a_task_is_unchanged_by_its_training(cohort, devices, monkeypatch):
    """Dask may compute a task again, in the same process."""
    asked = cohort(patience=np.full(13, 1))
    shape = shape_for(asked.plan, asked.batches, len(asked.runs), 3, devices)

    def checked(batches, constants, device, task):
        before = [leaf.copy() for leaf in arrays(task)]
        result = chunk_module.train_chunk(batches, constants, device, task)
        for old, new in zip(before, arrays(task), strict=True):
            np.testing.assert_array_equal(old, new)
        return result

    def arrays(task):
        states = task.early_stopping.state, task.schedule_tables.state, task.final, task.numbers
        return [np.asarray(leaf) for leaf in jax.tree.leaves((states, task.runs.columns()))]

    class Checked(ThreadEngine):
        def map(self, function, shared, tasks, precision):
            return super().map(checked, shared, tasks, precision)

    record = run_cohort(asked, shape, devices, engine=Checked(devices))
    assert record.counts() == run_cohort(asked, shape, devices).counts()


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("engine", ["processes", "dask:local:2"])
def test_other_processes_give_the_same_bits_although_one_is_killed(cohort, devices, same, engine, precision):
    asked = cohort(precision=precision, evaluations=8)
    shape = shape_for(asked.plan, asked.batches, len(asked.runs), 3, devices)
    here = run_cohort(asked, shape, devices)
    with open_engine(engine, devices, print, lambda: None) as opened:
        chunks = []

        def kill_one(progress):
            chunks.append(progress.steps)
            if len(chunks) == 2:
                if engine == "processes":
                    opened._workers[0].process.kill()
                else:
                    address = next(iter(opened._client.scheduler_info(n_workers=-1)["workers"]))
                    opened._client.run(_end_this_process, workers=[address], on_error="ignore")

        there = run_cohort(asked, shape, devices, kill_one, engine=opened)
    same(here, there)
    assert len(chunks) >= 4


def _end_this_process():
    os.kill(os.getpid(), signal.SIGKILL)
