"""Packing of runs into groups."""

from dataclasses import replace

import numpy as np
import pytest

from ravine.networks import Network
from ravine.training import batches as batches_module
from ravine.training import program_shape as program_shape_module
from ravine.training import shape_for, shape_of_repeated_seeds
from ravine.training.groups import grouped


def test_runs_fill_groups_and_the_last_run_fills_up():
    groups = grouped(np.array([3, 5, 8, 9, 11]), 2)
    assert [group.runs.tolist() for group in groups] == [[3, 5], [8, 9], [11]]
    assert [group.members.tolist() for group in groups] == [[3, 5], [8, 9], [11, 11]]


def test_groups_of_one_seed_each():
    groups = grouped(np.array([3, 5, 8, 9, 11]), 2, seeds=np.array([0, 0, 0, 1, 2]))
    assert [group.runs.tolist() for group in groups] == [[3, 5], [8], [9], [11]]
    assert [group.members.tolist() for group in groups] == [[3, 5], [8, 8], [9, 9], [11, 11]]


def test_states_follow_their_runs():
    states = ({"weight": np.arange(10.0).reshape(5, 2)}, None)
    groups = grouped(np.array([3, 5, 8, 9, 11]), 2, states, np.array([0, 0, 0, 1, 2]))
    got = [group.state["weight"][:, 0].tolist() for group in groups]
    assert got == [[0, 2], [4, 4], [6, 6], [8, 8]] and all(group.best is None for group in groups)


@pytest.fixture
def shared(cohort, devices, monkeypatch):
    """Make a cohort whose runs of one seed share the rows of each step, and its sizes."""

    def make(**more):
        monkeypatch.setattr(batches_module, "INDEXED_BYTES", 0)
        monkeypatch.setattr(program_shape_module, "MANY_FEATURES", 1)  # as if the data had many
        asked = cohort(**more)
        seeds, counts = np.unique(asked.runs.seed, return_counts=True)
        shape = shape_for(asked.plan, asked.batches, len(asked.runs), len(seeds), devices)
        one = shape_of_repeated_seeds(
            shape, asked.plan, asked.batches, int(counts.min()), len(seeds), devices
        )
        return asked, {name: getattr(one, name) for name in ("size", "tables", "width")}

    return make


def test_runs_that_share_rows_train_as_alone(shared, run, same):
    asked, sizes = shared(precision="float64")
    assert sizes["tables"] == 1 < sizes["size"]
    same(run(asked, **sizes), run(asked, size=1, tables=1), rtol=1e-9)
    same(run(asked, **sizes), run(asked), rtol=1e-9)


@pytest.mark.parametrize("optimizer", ["adam", "momentum"])
def test_companions_that_share_rows_do_not_matter(optimizer, shared, run, some, same):
    """Bit for bit, although their products in the first layer are one."""
    asked, sizes = shared(optimizer=optimizer, batch_size=60, layers=(64, 64))
    whole = run(asked, **sizes)
    order = np.random.default_rng(1).permutation(len(asked.runs))
    same(run(some(asked, order), **sizes), whole.select(order))
    for few in ([3], [12, 1], [0, 3, 6, 9, 12]):
        same(run(some(asked, few), **sizes), whole.select(few))


@pytest.mark.parametrize(
    ("features", "cores", "runs", "seeds", "size"),
    [
        (28, 2, 8, 3, 4),  # six groups of 4 on two cores
        (28, 2, 9, 3, None),  # groups of one seed would leave too many places empty
        (28, 16, 9, 3, None),  # and cores idle
        (28, 16, 12, 1, None),
        (784, 2, 20, 5, 2),
    ],
)
def test_groups_of_one_seed_keep_all_cores_busy(
    features, cores, runs, seeds, size, cohort, devices, monkeypatch
):
    monkeypatch.setattr(batches_module, "INDEXED_BYTES", 0)
    many = replace(devices, workers=devices.workers[:1] * cores)
    plan = replace(cohort().plan, network=Network((features, 64, 64, 3)))
    batches = cohort().batches
    shape = shape_for(plan, batches, runs * seeds, seeds, many)
    found = shape_of_repeated_seeds(shape, plan, batches, runs, seeds, many)
    if size is None:
        assert found == shape
    else:
        assert (found.size, found.tables) == (size, 1)


def test_small_data_and_single_runs_keep_their_sizes(cohort, devices, monkeypatch):
    asked = cohort()
    shape = shape_for(asked.plan, asked.batches, 13, 3, devices)
    assert shape_of_repeated_seeds(shape, asked.plan, asked.batches, 4, 3, devices) == shape
    monkeypatch.setattr(batches_module, "INDEXED_BYTES", 0)
    asked = cohort()
    shape = shape_for(asked.plan, asked.batches, 13, 13, devices)
    assert shape_of_repeated_seeds(shape, asked.plan, asked.batches, 1, 13, devices) == shape
