"""Batches that a program takes from one table are those that the host prepares, to rounding."""

import jax
import numpy as np
import pytest

from ravine.data import from_arrays
from ravine.execution.label_noise import LabelNoiseBatches
from ravine.training import Batches
from ravine.training import batches as batches_module
from ravine.training.row_sources import IndexedRows, batch_at


@pytest.fixture
def indexed(monkeypatch):
    """Let programs take the rows of small data by index, too."""

    def switch(on=True):
        monkeypatch.setattr(batches_module, "INDEXED_BYTES", 0 if on else 2**40)

    return switch


def with_gaps(task="classify", weights=False):
    rng = np.random.default_rng(3)
    x = rng.standard_normal((80, 4)) * [1, 100, 1e-3, 1] + [0, 5000, 0, 2]
    x[rng.random(x.shape) < 0.1] = np.nan
    x[:, 3] = 7.0
    y = rng.integers(0, 3, 80) if task == "classify" else 10 + 5 * rng.standard_normal(80)
    return from_arrays(x, y, task=task, weights=rng.random(80) + 0.1 if weights else None, test=0.1)


@pytest.mark.parametrize("scaling", ["standard", "none"])
@pytest.mark.parametrize(("task", "weights"), [("classify", False), ("classify", True), ("regress", True)])
def test_the_rows_of_a_step_are_those_that_the_host_prepares(task, weights, scaling, indexed):
    data, device = with_gaps(task, weights), jax.devices()[0]
    indexed()
    batches = Batches(data, 0, 8, scaling=scaling)
    assert np.isnan(data.x).any() and batches.indexed and batches.has_gaps
    source, drawn = batches.on_device(1, 5, 30, device), batches.draw(1, 5, 30)
    assert isinstance(source, IndexedRows)
    for t in (0, 11, 29):
        rows = batch_at(source, np.int32(t))
        np.testing.assert_allclose(rows.x, drawn.x[t], rtol=2e-6, atol=2e-6)
        np.testing.assert_array_equal(rows.y, drawn.y[t])
        if weights:
            np.testing.assert_array_equal(rows.weight, drawn.weight[t])
        else:
            assert rows.weight is None


def test_all_seeds_share_the_inputs(indexed, dataset):
    indexed()
    batches, device = Batches(dataset(), 0, 8), jax.devices()[0]
    one, other = (batches.on_device(seed, 0, 5, device) for seed in (0, 1))
    assert one.x is other.x
    assert not np.array_equal(one.order, other.order)
    assert not np.array_equal(one.offset, other.offset)


@pytest.mark.parametrize(
    "more",
    [{}, {"network": {"dropout": True}, "extra": {"dropout": np.full(13, 0.2)}}],
    ids=["plain", "dropout"],
)
def test_training_is_the_same_to_rounding(more, cohort, run, same, indexed):
    indexed(False)
    prepared = run(cohort(precision="float64", **more))
    indexed()
    same(run(cohort(precision="float64", **more)), prepared, rtol=1e-5)  # the table is float32


def test_companions_do_not_matter_with_a_table(cohort, run, some, same, indexed):
    indexed()
    asked = cohort()
    whole = run(asked)
    order = np.random.default_rng(0).permutation(len(asked.runs))
    same(run(some(asked, order)), whole.select(order))


@pytest.mark.parametrize("tables", [3, 4])
def test_tables_that_members_share_by_index(tables, cohort, run, same, indexed):
    indexed()
    asked = cohort(precision="float64")
    same(run(asked, size=7, tables=tables), run(asked, size=7, tables=7), rtol=1e-10)


def test_random_labels_are_never_read_from_the_shared_table(indexed, dataset):
    indexed()
    data = dataset()
    noisy = LabelNoiseBatches(
        data, 0, 8, "float32", lambda seed: Batches(data, 0, 8).scaling_of(seed).parts, 0.5
    )
    assert not noisy.indexed
    drawn = noisy.on_device(0, 0, 5, jax.devices()[0])
    np.testing.assert_array_equal(drawn.y, noisy.draw(0, 0, 5).y)


def test_small_data_are_prepared_and_large_data_are_not(dataset):
    rng = np.random.default_rng(0)
    large = from_arrays(
        rng.standard_normal((70_000, 64)).astype("f4"), rng.integers(0, 2, 70_000), task="classify", test=0.1
    )
    assert not Batches(dataset(), 0, 8).indexed
    assert Batches(large, 0, 8).indexed


@pytest.mark.parametrize(("task", "weights"), [("classify", False), ("regress", True)])
def test_rows_and_targets_are_the_same_with_and_without_a_table(task, weights, indexed):
    data = with_gaps(task, weights)
    indexed(False)
    prepared = Batches(data, 0, 8)
    indexed()
    table = Batches(data, 0, 8)
    wanted, found = prepared.data(2), (table.train_targets(2), table.valid_rows(2))
    np.testing.assert_array_equal(found[1].x, wanted.valid.x)
    for rows, whole in zip(found, (wanted.train, wanted.valid), strict=True):
        np.testing.assert_array_equal(rows.y, whole.y)
        assert (rows.weight is None) == (not weights)
        if weights:
            np.testing.assert_array_equal(rows.weight, whole.weight)
    device = jax.devices()[0]
    for one, other in zip(prepared.valid(2, device, 5)[:2], table.valid(2, device, 5)[:2], strict=True):
        np.testing.assert_array_equal(one, other)
