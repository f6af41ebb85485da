"""A second cohort of the same plan and shape compiles nothing, whatever its numbers."""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine.data import from_arrays
from ravine.training import program, shape_for

EIGHT = {"size": 8, "tables": 8}  # one shape for cohorts of any number of runs


@pytest.fixture
def compiled():
    """Names of what JAX traced and compiled since the last look."""
    seen = []

    def listen(event, seconds, **more):
        if event.endswith(("jaxpr_trace_duration", "backend_compile_duration")):
            seen.append((event, more))

    jax.monitoring.register_event_duration_secs_listener(listen)
    yield seen
    jax.monitoring.unregister_event_duration_listener(listen)


def test_compilations_are_seen(compiled):
    jax.jit(lambda x: jnp.sin(x) * 3)(np.ones(3, np.float32))
    assert any(event.endswith("backend_compile_duration") for event, _ in compiled)


@pytest.fixture
def first(cohort, run):
    """A cohort that has been run, diverged runs and all."""
    asked = cohort()
    run(asked, **EIGHT)
    return asked


def test_other_numbers(first, cohort, run, compiled, new_programs):
    changes = [
        {},
        {"rates": np.geomspace(1e-4, 1, 13)},
        {"decays": np.ones(13)},
        {"seeds": [5, 6, 7] * 4 + [5]},
        {"rates": [0.1, 0.2], "seeds": [9, 9]},
        {"rates": [0.1] * 40, "seeds": [1, 2, 3, 4] * 10},
        {"root": 7, "initial": ("glorot", 0.5)},
    ]
    new_programs.clear()
    for changed in changes:
        run(cohort(**changed), **EIGHT)
    assert compiled == []
    assert new_programs == []


def test_diverging_and_resuming(cohort, dataset, run, compiled):
    data = dataset("regress")
    rates = [0.1, 1e6] * 20
    run(cohort("sgd", [0.1] * 40, [0, 1] * 20, data=data), **EIGHT)
    compiled.clear()
    record = run(cohort("sgd", rates, [0, 1] * 20, np.zeros(40), data), **EIGHT)
    assert record.counts() == {"finished": 20, "diverged": 20}
    assert compiled == []


def test_other_structure_is_another_program(first, cohort, run, compiled):
    run(cohort(activation="tanh"), **EIGHT)
    assert any(event.endswith("backend_compile_duration") for event, _ in compiled)


def test_other_data_of_the_same_shape(first, cohort, dataset, run, compiled):
    data = dataset()
    other = from_arrays(data.x[:, ::-1] * 2, data.y, task="classify", test=0.1)
    run(cohort(data=other), **EIGHT)
    assert compiled == []


def test_compile_time_is_told(cohort, devices):
    asked = cohort("adagrad", steps_per_evaluation=3)
    made = program(asked.plan, shape_for(asked.plan, asked.batches, 13, 3, devices), devices.workers[0])
    assert made.seconds == 0
    made.compile()
    once = made.seconds
    assert once > 0
    made.compile()
    assert made.seconds == once


def test_programs_may_be_compiled_by_other_threads(cohort, run, devices, compiled):
    """Compiling ahead, several at a time; what runs then compiles nothing."""
    many = [
        replace(cohort("momentum", precision=p, steps_per_evaluation=4), keep_parameters=False)
        for p in ("float32", "float64")
    ]
    ahead = []
    with ThreadPoolExecutor(2) as pool:
        for each in many:
            shape = shape_for(each.plan, each.batches, len(each.runs), 3, devices)
            ahead.append(pool.submit(program(each.plan, shape, devices.workers[0]).compile))
    for each in ahead:
        each.result()
    compiled.clear()
    for each in many:
        assert run(each).counts() == {"finished": 13}
    assert compiled == []


def test_a_process_keeps_the_programs_used_last(first, cohort, run, compiled, new_programs, monkeypatch):
    """Those of hundreds of data sets, in one notebook, would end the process: too many mappings of memory."""
    monkeypatch.setattr(sys.modules["ravine.training.program"], "KEPT", 2)
    other, third = cohort(activation="tanh"), cohort(activation="elu")
    run(other, **EIGHT)
    run(first, **EIGHT)
    run(third, **EIGHT)
    compiled.clear()
    run(first, **EIGHT)
    assert compiled == []  # used after `other`, which went
    new_programs.clear()
    run(other, **EIGHT)
    assert new_programs == [other.plan]
