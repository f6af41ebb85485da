"""Cohorts: many runs are those runs one by one, whoever else is there and wherever they stand."""

import sys
from dataclasses import replace

import jax
import numpy as np
import pytest

from ravine.engines import precision_context
from ravine.networks import Network
from ravine.optimizers import RULES, schedule
from ravine.records.record import Status
from ravine.training import (
    advance,
    initial_params,
    parameters_of,
    shape_for,
    start,
)
from ravine.training import loop as loop_module


def one_by_one(cohort, index):
    """Parameters judged at the end and series of one run, by `advance` alone."""
    plan, batches, runs = cohort.plan, cohort.batches, cohort.runs
    seed = int(runs.seed[index])
    with precision_context(plan.precision):
        rows = batches.data(seed)
        unit = np.full(len(runs), rows.target_scale)
        numbers = jax.tree.map(lambda a: a[index], runs.numbers(plan.rule, unit, plan.precision))
        rows_of_steps = batches.draw(seed, 0, plan.steps)
        shape = plan.evaluations, plan.steps_per_evaluation
        rows_of_steps = jax.tree.map(lambda a: a.reshape(*shape, *a.shape[1:]), rows_of_steps)
        table = schedule(str(runs.schedule[index])).factors(plan.steps, 1)
        factors = {"rate": table.astype(plan.precision).reshape(shape)}
        first = initial_params(plan.network, batches.root, seed, *cohort.initial, plan.precision)
        state = start(plan, first, numbers)
        state, series = jax.jit(advance, static_argnums=0)(
            plan, state, numbers, rows_of_steps, rows.valid, factors
        )
        return state, jax.tree.map(np.asarray, series)


QUICK = ("nesterov", "adam")
RULE = [rule if rule in QUICK else pytest.param(rule, marks=pytest.mark.slow) for rule in RULES]


@pytest.mark.parametrize("rule", [*RULE, "optax:lion(b1=0.8)"])
def test_a_cohort_is_its_runs_one_by_one(rule, cohort, run):
    """In float64, where rounding cannot hide a wrong batch or a wrong number."""
    center = RULES[rule].rate_center if rule in RULES else 1e-3
    asked = cohort(rule, center * np.geomspace(0.1, 3, 5), seeds=[0, 1, 0, 2, 1], precision="float64")
    record = run(asked)
    assert record.counts() == {"finished": 5}
    for index in (0, 3, 4):
        _, series = one_by_one(asked, index)
        for name, values in series.items():
            np.testing.assert_allclose(record.series[name][index], values, rtol=1e-9, err_msg=name)


def test_final_parameters_are_those_judged(cohort, run):
    """The kept parameters give the last scores again."""
    asked = cohort("nesterov", precision="float64")
    record = run(asked)
    for index in (0, 5):
        layers = parameters_of(asked.plan.network, record.final["parameters"][index])
        rows = asked.batches.data(int(asked.runs.seed[index])).valid
        with precision_context("float64"):
            right = np.asarray(asked.plan.network.apply(layers, rows.x)).argmax(1) == rows.y
        assert record.series["score"][index, -1] == pytest.approx(right.mean(), rel=1e-12)


def test_float64_is_float64(cohort, run):
    """And float32 is float32, whatever the process is set to."""
    asked = cohort(precision="float64", rates=[0.1, 0.01], seeds=[0, 1])
    wide = run(asked)
    parameters = wide.final["parameters"]
    assert parameters.dtype == wide.series["train_loss"].dtype == np.float64
    assert np.any(parameters != parameters.astype(np.float32))
    narrow = run(cohort(rates=[0.1, 0.01], seeds=[0, 1]))
    assert narrow.final["parameters"].dtype == np.float32
    np.testing.assert_allclose(narrow.final["parameters"], parameters, rtol=1e-3, atol=1e-4)
    with precision_context("float64"):
        again = run(cohort(rates=[0.1, 0.01], seeds=[0, 1]))
    np.testing.assert_array_equal(again.final["parameters"], narrow.final["parameters"])


def test_companions_and_places_do_not_matter(cohort, run, some, same, devices):
    """Bit for bit, at the same width."""
    asked = cohort()
    whole = run(asked)
    order = np.random.default_rng(0).permutation(len(asked.runs))
    shape = shape_for(asked.plan, asked.batches, len(asked.runs), 3, devices)
    same(run(some(asked, order)), whole.select(order))
    for few in ([3], [12, 1], [0, 3, 6, 9, 12], list(range(9))):
        part = run(some(asked, few), size=shape.size, tables=shape.tables)
        same(part, whole.select(few))


def test_another_width_is_the_same_to_rounding(cohort, run, same):
    asked = cohort(precision="float64")
    whole = run(asked)
    same(run(asked, width=32), whole, rtol=1e-10)


def test_side_by_side_or_one_by_one(cohort, run, same):
    asked = cohort(precision="float64")
    one, eight = (run(asked, size=k, tables=k) for k in (1, 8))
    same(one, eight, rtol=1e-10)


def test_one_device_or_two(cohort, run, same, devices):
    asked = cohort(precision="float64")
    alone = replace(devices, workers=devices.workers[:1])
    assert alone.count == 1
    same(run(asked, on=alone), run(asked), rtol=1e-10)


@pytest.mark.parametrize("tables", [3, 4])
def test_tables_that_members_share(tables, cohort, run, same):
    """As on a GPU, where a group is large and draws from one table a seed."""
    asked = cohort(precision="float64")
    same(run(asked, size=7, tables=tables), run(asked, size=7, tables=7), rtol=1e-10)


def test_more_runs_than_slots_make_several_waves(cohort, run, same, devices):
    """The last wave is a partial one."""
    asked, progress = cohort(), []
    record = run(asked, after_chunk=progress.append, size=2, tables=2, width=4)
    same(record, run(asked), rtol=1e-4)
    chunks = asked.plan.evaluations
    assert [s.steps for s in progress] == [4 * asked.plan.steps_per_evaluation] * 3 * chunks + [
        asked.plan.steps_per_evaluation
    ] * chunks
    assert progress[-1].finished == 13


def test_chunks_of_any_length(cohort, run, same):
    asked = cohort(precision="float64")
    assert asked.plan.evaluations == 4
    same(run(asked, segments=4), run(asked, segments=1), rtol=1e-10)


def test_progress_tells_what_was_done(cohort, run):
    asked = cohort()
    progress = []
    run(asked, after_chunk=progress.append, segments=2)
    assert [s.steps for s in progress] == [13 * 10, 13 * 10]
    assert [(s.finished, s.diverged) for s in progress] == [(0, 0), (13, 0)]


class TestDiverged:
    """A run that fails keeps its NaNs, is marked, stops costing, and touches nobody else."""

    RATES = (0.1, 1e6, 0.03, 0.2, 1e6, 0.02, 0.1, 0.3, 0.01, 0.05, 0.1, 0.2, 0.04)
    BAD = (1, 4)

    @pytest.fixture
    def asked(self, cohort, dataset):
        return cohort("sgd", self.RATES, decays=np.zeros(13), data=dataset("regress"))

    def test_the_others_are_undisturbed(self, asked, run, some, same, devices):
        good = [k for k in range(13) if k not in self.BAD]
        shape = shape_for(asked.plan, asked.batches, 13, 3, devices)
        same(run(asked).select(good), run(some(asked, good), size=shape.size, tables=shape.tables))

    def test_late_updates_give_the_same_numbers(self, asked, run, same, monkeypatch):
        """As in large networks, whose weights change once all gradients are known."""
        usual = run(asked)
        monkeypatch.setattr(loop_module, "LATE_UPDATES_FROM", 0)
        monkeypatch.setattr(sys.modules["ravine.training.program"], "_programs", {})  # compile anew
        assert usual.counts() == {"finished": 11, "diverged": 2}
        same(run(asked), usual, rtol=1e-5)

    def test_it_is_marked_and_keeps_its_nans(self, asked, run):
        record = run(asked)
        bad = list(self.BAD)
        assert record.counts() == {"finished": 11, "diverged": 2}
        assert (record.status[bad] == Status.DIVERGED).all()
        assert not np.isfinite(record.series["valid_loss"][bad]).any()
        assert np.isnan(record.series["valid_loss"][bad, -1]).all()
        assert np.isnan(record.final["parameters"][bad]).all()
        good = record.status == Status.FINISHED
        assert all(np.isfinite(values[good]).all() for values in record.series.values())
        assert np.isfinite(record.final["parameters"][good]).all()

    def test_it_is_dropped(self, asked, run):
        progress = []
        run(asked, after_chunk=progress.append, segments=1)
        assert [s.steps for s in progress] == [13 * 5] + [11 * 5] * 3
        assert [s.diverged for s in progress] == [2] * 4

    def test_what_was_measured_before_it_failed_stays(self, cohort, dataset, run):
        """A rate just beyond what is stable fails late."""
        data = dataset("regress")
        rates = np.geomspace(0.1, 20, 24)
        record = run(
            cohort("sgd", rates, [0] * 24, np.zeros(24), data, evaluations=12, steps_per_evaluation=2),
            segments=1,
        )
        finite = np.isfinite(record.series["valid_loss"])
        late = finite[:, 0] & ~finite[:, -1]
        assert late.any() and (record.status[late] == Status.DIVERGED).all()
        assert np.all(np.diff(finite.astype(int), axis=1) <= 0)  # once lost, lost

    def test_all_of_them(self, cohort, dataset, run):
        rates = np.full(13, 1e6)
        progress = []
        record = run(
            cohort("sgd", rates, decays=np.zeros(13), data=dataset("regress")),
            after_chunk=progress.append,
            segments=1,
        )
        assert record.counts() == {"diverged": 13}
        assert len(progress) == 1  # there is nothing to go on with
        assert progress[0].diverged == 13
        assert np.isnan(record.final["parameters"]).all()
        assert not np.isfinite(record.series["score"]).any()


def test_a_seed_starts_alike_under_every_rule(cohort, run):
    """At a rate too small to move anything, all rules see the same weights and the same rows_of_steps."""
    rates = [1e-30] * 3
    records = [run(cohort(rule, rates, [0, 1, 0])) for rule in ("sgd", "adam")]
    for record in records[1:]:
        for name in record.series:
            np.testing.assert_allclose(record.series[name], records[0].series[name], rtol=1e-5, err_msg=name)
    losses = records[0].series["train_loss"]
    np.testing.assert_array_equal(losses[0], losses[2])
    assert np.all(losses[0] != losses[1])


def test_root_seed_and_initialisation_make_other_runs(cohort, run):
    base = run(cohort(rates=[0.01], seeds=[0])).series["train_loss"]
    for changed in ({"root": 1}, {"initial": ("glorot", 1.0)}, {"initial": ("he", 0.5)}, {"seeds": [1]}):
        other = run(cohort(**{"rates": [0.01], "seeds": [0], **changed})).series["train_loss"]
        assert np.all(other != base), changed


def test_regression_scores_are_in_the_targets_unit(cohort, dataset, run):
    one, thousand = (
        run(cohort(data=dataset("regress", unit=unit), precision="float64")) for unit in (1.0, 1000.0)
    )
    np.testing.assert_allclose(thousand.series["score"], 1000 * one.series["score"], rtol=1e-4)
    np.testing.assert_allclose(thousand.series["valid_loss"], one.series["valid_loss"], rtol=1e-4)


def test_equal_weights_are_no_weights(cohort, dataset, run, same):
    weighted = run(cohort(data=dataset(weights=np.full(90, 7.0)), precision="float64"))
    same(weighted, run(cohort(precision="float64")), rtol=1e-10)


def test_weights_count(cohort, dataset, run):
    weights = np.random.default_rng(0).uniform(0.1, 5, 90)
    weighted = run(cohort(data=dataset(weights=weights))).series["train_loss"]
    assert np.all(weighted != run(cohort()).series["train_loss"])


def test_a_batch_larger_than_the_data(cohort, run):
    asked = cohort(batch_size=10_000)
    record = run(asked)
    assert asked.plan.batch_size == asked.batches.sizes[0]
    assert record.counts() == {"finished": 13}


def test_one_run(cohort, run, some, same):
    asked = cohort()
    alone = run(some(asked, [5]))
    assert len(alone) == 1
    same(alone, run(asked).select([5]), rtol=1e-5)


def test_no_runs(cohort, run, some):
    record = run(some(cohort(), []), width=2)
    assert len(record) == 0
    assert record.series["score"].shape == (0, 4)


SIZES = [((6,), 8), ((64, 64), 8), ((128, 128), 4), ((256, 256), 2), ((2000, 2000), 2)]


class TestShape:
    def test_memory_grows_with_the_chunk_not_with_the_number_of_runs(self, cohort, devices):
        asked = cohort()
        many, more = (shape_for(asked.plan, asked.batches, n, 5, devices) for n in (10**6, 10**9))
        assert many == more
        assert many.width * asked.plan.network.parameters * 4 * 4 <= devices.state_bytes

    @pytest.mark.parametrize("evaluations", [1, 2, 7, 12, 20])
    def test_chunks_divide_the_run(self, cohort, devices, evaluations):
        asked = cohort(evaluations=evaluations)
        shape = shape_for(asked.plan, asked.batches, 100, 5, devices)
        assert evaluations % shape.segments == 0
        assert shape.width % shape.size == 0

    def test_few_runs_are_dealt_out_to_all_workers(self, cohort, devices):
        asked = cohort()
        shapes = [shape_for(asked.plan, asked.batches, n, 1, devices) for n in (1, 2, 5, 10**6)]
        assert [each.size for each in shapes] == [1, 1, 3, 8]

    @pytest.mark.parametrize("runs", [40, 100, 200, 333])
    def test_few_places_are_empty(self, cohort, devices, runs):
        """Fewer than in groups of eight, and no more than an eighth of those that hold a run."""
        asked = cohort()
        size = shape_for(asked.plan, asked.batches, runs, 1, devices).size

        def places(size):
            return -(-runs // (size * devices.count)) * size * devices.count

        assert 6 <= size <= 12
        assert places(size) <= min(places(8), runs * 9 / 8)

    @pytest.mark.parametrize(("widths", "size"), SIZES)
    def test_a_group_fits_the_cache(self, cohort, devices, widths, size):
        """Eight of them at most; two of any, for whom a kernel's start is cheap as it is."""
        asked = cohort()
        plan = replace(asked.plan, network=Network((5, *widths, 3)))
        assert shape_for(plan, asked.batches, 32 * 9 * 5, 5, devices).size == size
