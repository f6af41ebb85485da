"""Compiled programs: each run of a cohort is that run alone, and other numbers compile nothing."""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine.data import from_arrays
from ravine.engines import precision_context
from ravine.errors import UsageError
from ravine.execution.base_settings import NetworkSettings
from ravine.execution.training_spec import share_structure, training_spec
from ravine.optimizers import resolve, schedule
from ravine.studies.train.settings import TrainSettings
from ravine.training import (
    Batches,
    Cohort,
    Runs,
    TrainedNetwork,
    drop_programs,
    program,
    shape_for,
)

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
    monkeypatch.setattr(sys.modules["ravine.training.program"], "MAX_PROGRAMS", 2)
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


@pytest.mark.skipif(sys.platform != "linux", reason="no other system lists the mappings of a process")
def test_a_process_with_many_mappings_drops_its_programs(first, run, compiled, new_programs, monkeypatch):
    module = sys.modules["ravine.training.program"]
    monkeypatch.setattr(module, "MAX_MAPPINGS", sys.maxsize)  # whatever the tests before this one have mapped
    assert not drop_programs()
    compiled.clear()
    run(first, **EIGHT)
    assert compiled == []
    monkeypatch.setattr(module, "MAX_MAPPINGS", 0)
    assert drop_programs()
    new_programs.clear()
    run(first, **EIGHT)
    assert new_programs == [first.plan]
    assert compiled != []


BASE = {"net": "8-8", "precision": "float64", "activation": "tanh"}


STEPS, BATCH = 20, 8


@pytest.fixture(scope="module")
def pictures():
    """Images of 6 x 5, brighter above or below."""
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 80)
    x = rng.standard_normal((80, 6, 5))
    x[:, :3] += y[:, None, None]
    return from_arrays(x, y, task="classify", test=0.1)


def together(data, asked, rates, seeds, optimizer="momentum", schedule="decay"):
    """One cohort of several settings, one run each, and for each run the cohort it would be alone."""
    batches = Batches(data, 0, BATCH, "float64")
    settings = [NetworkSettings.from_dict({**BASE, **each}) for each in asked]
    own = [training_spec(each, data) for each in settings]
    joined = share_structure(own)

    def made(each, index):
        plan = each.plan(settings[index], data, resolve(optimizer), batches, STEPS)
        column = np.array([rates[index]]), np.array([schedule]), np.array([seeds[index]])
        return plan, each.runs(plan, *column, {})

    plans, parts = zip(*(made(each, k) for k, each in enumerate(joined)), strict=True)
    assert len(set(plans)) == 1, "settings that differ in numbers only share a plan"
    whole = Cohort(plans[0], Runs.concatenate(parts), batches, joined[0].initial, True)
    alone = [Cohort(*made(each, k), batches, each.initial, True) for k, each in enumerate(own)]
    return whole, alone


COMPONENTS = {
    "batchnorm": [{"net": "8-8 batchnorm"}] * 3,
    "layernorm": [{"net": "8-8 layernorm"}] * 3,
    "dropout": [{"net": "8-8 dropout=0.5"}, {"net": "8-8 dropout=0.1"}, {}],
    "residual": [{"net": "8-8 residual"}] * 3,
    "scaled residual": [{"net": "8-8 scaled-residual"}] * 3,
    "highway": [{"net": "8-8 highway gate=-1"}, {"net": "8-8 highway gate=1"}, {"net": "8-8 highway"}],
    "dense": [{"net": "8-8 dense"}] * 3,
    "l1": [{"l1": 1e-2}, {"l1": 1e-3}, {}],
    "l2": [{"l2": 1e-1}, {"l2": 1e-2}, {}],
    "weight_decay": [{"weight_decay": 1e-1}, {"weight_decay": 1.0}, {}],
    "clip": [{"clip": 0.05}, {"clip": 0.5}, {}],
    "ema": [{"average": "ema=0.9"}, {"average": "ema=0.5"}, {"average": "ema=0"}],
    "tail": [{"average": "tail=0.5"}, {"average": "tail=0.2"}, {"average": "tail=0"}],
    "label_smoothing": [{"label_smoothing": 0.3}, {"label_smoothing": 0.1}, {}],
    "noise": [{"augment": "noise=0.5"}, {"augment": "noise=0.1"}, {}],
    "mixup": [{"augment": "mixup=0.5"}, {"augment": "mixup=2"}, {}],
    "everything": [
        {"net": "8-8 residual batchnorm dropout=0.3", "l1": 1e-3, "clip": 0.5, "average": "ema=0.8"},
        {"net": "8-8 residual batchnorm", "weight_decay": 0.1, "augment": "noise=0.2", "average": "ema=0.5"},
        {"net": "8-8 residual batchnorm", "label_smoothing": 0.2, "l2": 1e-2, "average": "ema=0.1"},
    ],
}


PICTURES = {
    "conv": [{"net": "8 conv=3-4"}] * 3,
    "conv, batchnorm, dropout": [{"net": f"8 conv=3-4 batchnorm{each}"} for each in (" dropout=0.4", "", "")],
    "moved": [{"augment": "shift=1 rotate=20"}, {"augment": "flip cutout=2"}, {}],
}


def check(whole, alone, run, by_itself):
    record = run(whole)
    assert record.counts() == {"finished": len(alone)}
    for index, each in enumerate(alone):
        series, (params, stats) = by_itself(each)
        for name, values in series.items():
            np.testing.assert_allclose(record.series[name][index], values, rtol=1e-8, err_msg=name)
        for name, tree in (("parameters", params), ("statistics", stats)):
            leaves = [np.ravel(leaf) for leaf in jax.tree.leaves(tree)]
            if leaves:
                kept = record.final[name][index]
                np.testing.assert_allclose(kept, np.concatenate(leaves), rtol=1e-7, atol=1e-10, err_msg=name)
    return record


LONG = ("everything", "noise")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in LONG else name for name in COMPONENTS]
)
def test_a_run_in_a_cohort_is_that_run_alone(name, dataset, run, by_itself):
    """Alone it has only what its own settings name; in the cohort, also what others have, switched off."""
    whole, alone = together(dataset(), COMPONENTS[name], [0.1, 0.03, 0.05], [0, 1, 0])
    record = check(whole, alone, run, by_itself)
    if name not in ("batchnorm", "layernorm", "residual", "scaled residual", "dense"):
        # numbers do something: at equal rate and seed the runs part
        same_rate, _ = together(dataset(), COMPONENTS[name], [0.1] * 3, [0] * 3)
        finals = run(same_rate).final["parameters"]
        assert np.all(np.abs(finals[0] - finals[2]).max() > 1e-6) and len(record) == 3


LONG = [name if name == "conv" else pytest.param(name, marks=pytest.mark.slow) for name in PICTURES]


@pytest.mark.parametrize("name", LONG)
def test_of_pictures(name, pictures, run, by_itself):
    whole, alone = together(pictures, PICTURES[name], [0.1, 0.03, 0.05], [0, 1, 0])
    check(whole, alone, run, by_itself)


@pytest.mark.parametrize("rule", ["adam", "sgd", "optax:lion(b1=0.8)"])
def test_with_other_rules(rule, dataset, run, by_itself):
    asked = [{"net": "8 batchnorm dropout=0.2", "l2": 1e-2}, {"net": "8 batchnorm", "clip": 0.2}]
    whole, alone = together(dataset(), asked, [0.01, 0.003], [0, 1], rule)
    check(whole, alone, run, by_itself)


def test_mixed_dropout_rates_do_not_touch_each_other(dataset, run, some, same, devices):
    """Bit for bit at the same group size: what a run is does not depend on its companions' rates."""
    asked = [{"net": f"8-8 dropout={rate}"} for rate in (0.0, 0.2, 0.5, 0.8)]
    whole, _ = together(dataset(), asked, [0.1] * 4, [0, 1, 0, 1])
    record = run(whole, size=2, tables=2)
    for pick in ([0, 1], [2, 3], [3, 0], [1]):
        same(run(some(whole, pick), size=2, tables=2), record.select(pick))


@pytest.mark.parametrize("net", ["8-8 batchnorm dropout=0.3", "8 conv=3-4 batchnorm dropout=0.3"])
def test_what_is_kept_gives_the_score_reported(net, pictures, run):
    """In inference: running statistics, no dropout."""
    whole, _ = together(pictures, [{"net": net}] * 3, [0.1, 0.03, 0.05], [0, 1, 2])
    record = run(whole)
    for index, seed in enumerate((0, 1, 2)):
        network = TrainedNetwork.from_record(whole.plan.network, record, index)
        rows = whole.batches.data(seed)
        assert network.score("accuracy", rows.valid, 1.0) == pytest.approx(
            record.final["score"][index], 1e-12
        )
        fresh = whole.plan.network.statistics("float64")
        with precision_context("float64"):
            moved = np.asarray(whole.plan.network.apply(network.params, rows.valid.x, fresh, network.hyper))
        assert np.abs(moved - network.outputs(rows.valid.x)).max() > 1e-3  # the statistics are its own


def test_hyperparameters_that_move(cohort, run, by_itself):
    """Momentum warmed up; Adam's b1, which is a pair, falling."""
    for rule, name, texts in (
        ("momentum", "rho", ("linear(0.5)", "constant", "cosine(0.2)")),
        ("adam", "b1", ("constant", "linear(0.1)", "step(0.5,every=1)")),
    ):
        asked = cohort(
            rule, [0.05, 0.02, 0.03], [0, 1, 0], precision="float64", plan={"hyper_schedules": (name,)},
            hyper_schedules={name: np.array(texts)},
        )  # fmt: skip
        record = run(asked)
        for index in range(3):
            series, _ = by_itself(asked, index)
            np.testing.assert_allclose(record.series["train_loss"][index], series["train_loss"], rtol=1e-9)
        still = run(
            replace(asked, runs=replace(asked.runs, hyper_schedules={name: np.array(["constant"] * 3)}))
        )
        moves = np.array([text != "constant" for text in texts])
        changed = np.abs(still.series["train_loss"] - record.series["train_loss"]).max(axis=1) > 1e-9
        np.testing.assert_array_equal(changed, moves)


def asked_alone(data, **asked):
    """One run of SGD at a rate of 0.1 as these settings ask."""
    settings = TrainSettings.from_dict({**BASE, "optimizer": "sgd", **asked})
    batches, made = Batches(data, 0, BATCH, "float64"), training_spec(settings, data)
    plan = made.plan(settings, data, resolve("sgd"), batches, STEPS)
    column = np.array([0.1]), np.array(["constant"]), np.array([0])
    return Cohort(plan, made.runs(plan, *column, {}), batches, made.initial, True)


@pytest.mark.parametrize("name", ["l2", "weight_decay"])
def test_a_penalty_that_moves_is_its_closed_form(run, name):
    """Of inputs that are 0 no gradient comes: w_T = w_0 prod (1 - rate penalty f_t)."""
    data = from_arrays(np.zeros((60, 3)), np.arange(60) % 2, task="classify")
    moves, still, none = (
        run(asked_alone(data, net="linear", **asked)).final["parameters"][0]
        for asked in ({name: 0.2, "hyper_schedule": [f"{name}=linear(0.5)"]}, {name: 0.2}, {name: 0.0})
    )
    factors = schedule("linear(0.5)").factors(STEPS, 48 / BATCH)
    for ended, each in ((moves, factors), (still, np.ones(STEPS))):
        expected = np.prod(1 - 0.1 * 0.2 * each)
        np.testing.assert_allclose(ended[2:], none[2:] * expected, rtol=1e-12)
        np.testing.assert_allclose(ended[:2], none[:2], rtol=1e-12)  # the biases, which are not penalised


@pytest.mark.parametrize(
    "asked",
    [
        {"net": "8 dropout=0.5"},
        {"augment": "noise=0.5"},
        {"label_smoothing": 0.3},
        {"clip": 0.5},
        {"l1": 0.05},
    ],
    ids=lambda asked: next(iter(asked)),
)
def test_other_numbers_move_from_the_step_on_that_their_schedule_says(run, pictures, asked):
    (key,) = asked
    name = {"net": "dropout", "augment": "noise"}.get(key, key)
    still = run(asked_alone(pictures, **asked)).series["train_loss"][0]
    moves = run(asked_alone(pictures, **asked, hyper_schedule=[f"{name}=step(0.1,at=50%)"])).series[
        "train_loss"
    ][0]
    half = len(still) // 2
    np.testing.assert_allclose(moves[:half], still[:half], rtol=1e-12)
    assert np.abs(moves[half + 1 :] - still[half + 1 :]).min() > 1e-6


def test_what_cannot_be_is_refused_with_its_reason(dataset, pictures):
    data = dataset()
    batches = Batches(data, 0, 1, "float32")
    settings = NetworkSettings(net="8 batchnorm", batch_size=1)
    with pytest.raises(UsageError, match="batch size of 1"):
        training_spec(settings, data).plan(settings, data, resolve("sgd"), batches, 10)
    for asked, words in (
        ({"net": "8 conv=4"}, "need images"),
        ({"augment": "flip"}, "for images"),
        ({"average": "ema=1"}, "below 1"),
        ({"net": "linear dropout=0.1"}, "no hidden layer"),
    ):
        with pytest.raises(UsageError, match=words):
            training_spec(NetworkSettings.from_dict(asked), data)
    with pytest.raises(UsageError, match="regression"):
        training_spec(NetworkSettings(label_smoothing=0.1), dataset("regress"))
    assert training_spec(NetworkSettings(net="8 conv=4"), pictures).network.conv == (4,)
