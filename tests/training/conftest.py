"""Small data, small plans, and cohorts of them. JAX raises where types or ranks would be promoted unasked."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from ravine.data import from_arrays
from ravine.engines import find_devices, precision_context
from ravine.networks import Network
from ravine.optimizers import factors as factor_table
from ravine.optimizers import resolve
from ravine.training import (
    Batches,
    Cohort,
    Plan,
    Runs,
    advance,
    initial_params,
    rng_key,
    run_cohort,
    shape_for,
    start,
)
from ravine.training.loop import optimizer_of

SETTINGS = {"jax_numpy_dtype_promotion": "strict", "jax_numpy_rank_promotion": "raise"}


@pytest.fixture(autouse=True)
def strict():
    before = {name: getattr(jax.config, name) for name in SETTINGS}
    for name, value in SETTINGS.items():
        jax.config.update(name, value)
    yield
    for name, value in before.items():
        jax.config.update(name, value)


@pytest.fixture(scope="session")
def devices():
    found = find_devices()
    assert found.count == 2
    return found


@pytest.fixture(scope="session")
def dataset():
    """Make a data set: 90 rows, 5 inputs, three overlapping classes or a curved regression target."""

    def make(task="classify", weights=None, unit=1.0, rows=90):
        rng = np.random.default_rng(5)
        x = rng.standard_normal((rows, 5)) * [1, 2, 5, 0.1, 1] + [0, 3, 0, 0, -1]
        noise = rng.standard_normal(rows)
        y = unit * (np.sin(x[:, 0]) + x[:, 1] + 0.3 * noise)
        if task == "classify":
            y = np.digitize(y / unit, [2, 4])
        return from_arrays(x, y, task=task, weights=weights, test=0.1)

    return make


@pytest.fixture(scope="session")
def cohort(dataset):
    """Make a cohort: `rates` and `seeds` go side by side; half of the runs decay."""

    def make(
        optimizer="momentum",
        rates=(0.1, 0.01, 0.03, 0.2, 0.05, 0.02, 0.1, 0.3, 0.01, 0.05, 0.1, 0.2, 0.04),
        seeds=(0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0),
        decays=None,
        data=None,
        precision="float32",
        batch_size=8,
        evaluations=4,
        steps_per_evaluation=5,
        root=0,
        initial=("he", 1.0),
        activation="relu",
        network=None,
        layers=(6,),
        plan=None,
        **more,
    ):
        data = data or dataset()
        batches = Batches(data, root, batch_size, precision)
        classify = data.task == "classify"
        sizes = (data.x.shape[1], *layers, 3 if classify else 1)
        plan = Plan(
            resolve(optimizer),
            Network(sizes, activation, **(network or {})),
            "cross_entropy" if classify else "squared_error",
            "accuracy" if classify else "rmse",
            batches.batch_size,
            steps_per_evaluation,
            evaluations,
            data.weights is not None,
            precision,
            **(plan or {}),
        )
        decays = np.arange(len(rates)) % 2 if decays is None else np.asarray(decays)
        schedule = np.where(decays > 0, "decay", "constant")
        runs = Runs(np.asarray(rates, float), schedule, np.asarray(seeds, int), **more)
        return Cohort(plan, runs, batches, initial, keep_parameters=True)

    return make


@pytest.fixture(scope="session")
def run(devices):
    """Run a cohort in the shape that suits it, or that shape with some of its numbers replaced."""

    def go(cohort, after_chunk=None, store=None, on=devices, **changed):
        count = len(np.unique(cohort.runs.seed))
        shape = shape_for(cohort.plan, cohort.batches, len(cohort.runs), count, on)
        return run_cohort(cohort, replace(shape, **changed), on, after_chunk, store)

    return go


@pytest.fixture(scope="session")
def some():
    """Pick runs of a cohort, in that order."""

    def pick(cohort, index):
        return replace(cohort, runs=cohort.runs.take(np.asarray(index, int)))

    return pick


@pytest.fixture(scope="session")
def same():
    """Hold two records to be the same, bit for bit or within a relative tolerance; NaN where NaN."""

    def check(one, other, rtol=None):
        np.testing.assert_array_equal(one.status, other.status)
        pairs = [(one.series[k], other.series[k]) for k in one.series]
        pairs.append((one.final["parameters"], other.final["parameters"]))
        assert one.series.keys() == other.series.keys()
        for a, b in pairs:
            if rtol is None:
                np.testing.assert_array_equal(a, b)
            else:
                np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol)

    return check


@pytest.fixture(scope="session")
def by_itself():
    """Run one run of a cohort by `advance` alone."""

    def go(cohort, index=0, factors=None):
        """Series, and (parameters judged, statistics), of one run by `advance` alone."""
        plan, batches, runs = cohort.plan, cohort.batches, cohort.runs
        seed = int(runs.seed[index])
        with precision_context(plan.precision):
            rows = batches.data(seed)
            numbers = runs.numbers(plan.rule, np.full(len(runs), rows.target_scale), plan.precision)
            numbers = jax.tree.map(lambda a: a[index], numbers)
            if plan.random:
                numbers["key"] = rng_key(batches.root, seed)
            shape = plan.evaluations, plan.steps_per_evaluation
            rows_of_steps = batches.draw(seed, 0, plan.steps)
            rows_of_steps = jax.tree.map(lambda a: a.reshape(*shape, *a.shape[1:]), rows_of_steps)
            if factors is None:
                per_epoch = batches.sizes[0] / batches.batch_size
                texts = {"rate": runs.schedule[index]} | {
                    n: runs.hyper_schedules[n][index] for n in plan.hyper_schedules
                }
                factors = {n: factor_table(str(t), plan.steps, per_epoch) for n, t in texts.items()}
            factors = {n: np.asarray(f, plan.precision).reshape(shape) for n, f in factors.items()}
            gate = {"gate_bias": float(runs.extra["gate_bias"][index])} if "gate_bias" in runs.extra else {}
            first = initial_params(plan.network, batches.root, seed, *cohort.initial, plan.precision, **gate)
            state = start(plan, first, numbers)
            state, series = jax.jit(advance, static_argnums=0)(
                plan, state, numbers, rows_of_steps, rows.valid, factors
            )
            last = {name: each[-1, -1] for name, each in factors.items()}
            judged = optimizer_of(plan, numbers, state.params, last).eval_params(
                state.params, state.opt_state
            )
            return jax.tree.map(np.asarray, series), (judged, state.stats)

    return go
