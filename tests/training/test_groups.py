"""Packing of runs into groups."""

import numpy as np
import pytest

from ravine.training import batches as batches_module
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
    asked, sizes = shared(optimizer=optimizer)
    whole = run(asked, **sizes)
    order = np.random.default_rng(1).permutation(len(asked.runs))
    same(run(some(asked, order), **sizes), whole.select(order))
    for few in ([3], [12, 1], [0, 3, 6, 9, 12]):
        same(run(some(asked, few), **sizes), whole.select(few))


def test_small_data_and_single_runs_keep_their_sizes(cohort, devices, monkeypatch):
    asked = cohort()
    shape = shape_for(asked.plan, asked.batches, 13, 3, devices)
    assert shape_of_repeated_seeds(shape, asked.plan, asked.batches, 4, 3, devices) == shape
    monkeypatch.setattr(batches_module, "INDEXED_BYTES", 0)
    asked = cohort()
    shape = shape_for(asked.plan, asked.batches, 13, 13, devices)
    assert shape_of_repeated_seeds(shape, asked.plan, asked.batches, 1, 13, devices) == shape
