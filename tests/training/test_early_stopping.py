"""Early stopping: of curves, in compiled loops, and of the runs of a cohort, through every chunk."""

import io

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.engines import precision_context
from ravine.errors import UsageError
from ravine.networks import METRICS
from ravine.optimizers import plateau_next, plateau_start, schedule
from ravine.training import Runs, parameters_of
from ravine.training.early_stopping import (
    EarlyStopping,
    StoppingState,
    stop_epoch,
    stopping_next,
    stopping_start,
)

RATES = (0.5, 0.05, 0.3, 0.4, 0.01, 0.2, 0.3)
SEEDS = (0, 1, 2, 0, 1, 2, 1)
PATIENCE = np.array([1, 2, 3, 2, 0, 1, 5])
CHANGE = np.array([0.0, 0.0, 0.01, 0.0, 0.0, 0.05, 0.0])
EVALUATIONS = 16


class Stop(Exception):
    """Stopped after a chunk."""


@pytest.fixture
def asked(cohort):
    """Runs that overfit: what they have learned gets worse before they are done."""

    def make(patience=PATIENCE, schedules="constant", **more):
        made = cohort(
            "momentum", RATES, SEEDS, precision="float64", evaluations=EVALUATIONS, steps_per_evaluation=6,
            **({} if patience is None else {"patience": patience, "min_change": CHANGE}), **more,
        )  # fmt: skip
        made.runs.schedule[:] = "constant"
        object.__setattr__(made.runs, "schedule", np.broadcast_to(np.asarray(schedules), (7,)).copy())
        return made

    return make


def by_the_book(losses, patience, min_change):
    """What the docstring says, written without a state machine: look back from every epoch."""
    best, best_loss = None, np.inf
    for epoch, loss in enumerate(losses):
        if loss < best_loss - min_change:
            best, best_loss = epoch, loss
        if epoch - (-1 if best is None else best) >= patience:
            return epoch, best
    return None, best


def in_a_scan(losses, patience, min_change):
    """The same machine, compiled, over all epochs without leaving early."""
    with jax.enable_x64(True):
        start = jax.tree.map(jnp.asarray, stopping_start())
        go = jax.jit(
            lambda curve, p, m: jax.lax.scan(
                lambda s, loss: (stopping_next(s, loss, p, m), None), start, curve
            )[0]
        )
        end = go(jnp.asarray(losses, jnp.float64), jnp.int32(patience), jnp.float64(min_change))
        return StoppingState(*map(np.asarray, end))


def test_the_lectures_curve():
    assert stop_epoch([5, 4, 3, 3.1, 2.9, 2.95, 2.96, 2.97, 2.8], 3) == (7, 4)


@pytest.mark.parametrize(
    ("losses", "patience", "min_change", "expected"),
    [
        ([], 3, 0.0, (None, None)),
        ([1.0], 1, 0.0, (None, 0)),
        ([1.0, 1.0], 1, 0.0, (1, 0)),  # equal is not better
        ([3, 2, 1, 0.5], 1, 0.0, (None, 3)),
        ([3, 2.95, 2.9, 2.85], 3, 0.2, (3, 0)),  # small steps do not add up to patience
        ([3, 2.9, 2.75, 2.7], 3, 0.2, (None, 2)),  # each is compared with the best, not with the last
        ([np.nan] * 4, 2, 0.0, (1, None)),  # diverged from the start: nothing to restore
        ([2, np.nan, 1, np.nan, np.nan], 2, 0.0, (4, 2)),
        ([np.inf, 5], 3, 0.0, (None, 1)),
        ([-1e300, -np.inf], 3, 0.0, (None, 1)),
    ],
)
def test_known_cases(losses, patience, min_change, expected):
    assert stop_epoch(losses, patience, min_change) == expected


levels = st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.0, np.nan, np.inf])


@given(st.lists(levels, max_size=12), st.integers(1, 5), st.sampled_from([0.0, 0.25, 0.5]))
def test_every_curve_stops_where_the_book_says(losses, patience, min_change):
    assert stop_epoch(losses, patience, min_change) == by_the_book(losses, patience, min_change)


@pytest.mark.parametrize("seed", range(5))
def test_the_traced_machine_is_the_same(seed):
    generator = np.random.default_rng(seed)
    losses = generator.choice([0.5, 1.0, 2.0, 3.0, np.nan], 20)
    end = in_a_scan(losses, 4, 0.25)
    stopped, best = stop_epoch(losses, 4, 0.25)
    assert bool(end.stopped) == (stopped is not None)
    assert int(end.best_epoch) == (-1 if best is None else best)
    if stopped is not None:
        assert int(end.best_epoch + end.waited) == stopped
    if best is not None:
        assert end.best_loss == losses[best]


def test_many_runs_side_by_side_stop_each_for_itself():
    generator = np.random.default_rng(0)
    losses = generator.choice([0.5, 1.0, 2.0, np.nan], (30, 15))
    patience = generator.integers(1, 5, 30).astype(np.int32)
    state = stopping_start((30,))
    for column in losses.T:
        state = stopping_next(state, column, patience, np.zeros(30))
    for run in range(30):
        stopped, best = stop_epoch(losses[run], int(patience[run]))
        assert bool(state.stopped[run]) == (stopped is not None)
        assert state.best_epoch[run] == (-1 if best is None else best)


def test_a_float32_state_stays_float32_in_a_loop():
    end = jax.jit(
        lambda curve: jax.lax.scan(
            lambda s, loss: (stopping_next(s, loss, jnp.int32(2), jnp.float32(0)), None),
            jax.tree.map(jnp.asarray, stopping_start(dtype="float32")),
            curve,
        )[0]
    )(jnp.asarray([2.0, 1.0, 1.5, 1.5, 0.1], jnp.float32))
    assert end.best_loss.dtype == jnp.float32
    assert (float(end.best_loss), int(end.best_epoch), bool(end.stopped)) == (1.0, 1, True)


@pytest.mark.parametrize("patience", [0, -1, 2.5, True, None])
def test_a_patience_that_is_none_is_refused(patience):
    with pytest.raises(UsageError, match="patience"):
        stop_epoch([1.0], patience)


@pytest.mark.parametrize("min_change", [-0.1, np.nan, np.inf])
def test_a_change_that_is_none_is_refused(min_change):
    with pytest.raises(UsageError, match="min_change"):
        stop_epoch([1.0], 3, min_change)


def test_losses_of_many_runs_are_refused():
    with pytest.raises(UsageError, match="not those of one run"):
        stop_epoch(np.ones((2, 3)), 3)


def test_every_run_stops_where_its_own_curve_says(asked, run):
    whole, record = run(asked(None)), run(asked(), segments=1)
    ended = []
    for k in range(7):
        curve = whole.series["valid_loss"][k]
        stops, best = (
            (None, EVALUATIONS - 1) if PATIENCE[k] == 0 else stop_epoch(curve, int(PATIENCE[k]), CHANGE[k])
        )
        ended.append(EVALUATIONS if stops is None else stops + 1)
        assert record.final["evaluation"][k] == best
        for name in record.series:
            np.testing.assert_allclose(
                record.series[name][k, : ended[k]], whole.series[name][k, : ended[k]], rtol=1e-9
            )
            assert np.isnan(record.series[name][k, ended[k] :]).all()
    assert min(ended) < EVALUATIONS / 2 and ended[4] == EVALUATIONS, ended  # some stop, one may not
    assert record.counts() == {"finished": 7}


def test_the_best_weights_are_restored(asked, run):
    made = asked()
    record = run(made)
    earlier = 0
    for k in range(7):
        best = record.final["evaluation"][k]
        rows = made.batches.data(SEEDS[k]).valid
        layers = parameters_of(made.plan.network, record.final["parameters"][k])
        with precision_context("float64"):
            outputs = made.plan.network.apply(layers, rows.x)
            score = float(METRICS["accuracy"](outputs, rows.y, None, 1.0))
        assert score == pytest.approx(record.series["score"][k, best], rel=1e-12)
        assert record.final["score"][k] == record.series["score"][k, best]
        assert record.final["valid_loss"][k] == record.series["valid_loss"][k, best]
        if PATIENCE[k] and CHANGE[k] == 0:
            assert record.final["valid_loss"][k] == np.nanmin(record.series["valid_loss"][k])
            earlier += int(np.isnan(record.series["score"][k, -1]))
    assert earlier >= 2


def test_stopped_runs_cost_nothing(asked, run):
    progress = []
    record = run(asked(), after_chunk=progress.append, segments=1, size=1, tables=1)
    went = np.isfinite(record.series["score"]).sum(axis=0) * 6
    told = [each.steps for each in progress]
    np.testing.assert_array_equal(told, went[: len(told)])
    assert told[-1] < told[0] and [each.finished for each in progress] == sorted(e.finished for e in progress)


def test_stopped_members_leave_the_others_alone(asked, run, same, some, devices):
    record = run(asked(), size=2, tables=2)
    for pick in ([0, 3], [4], [6, 5, 1]):
        same(run(some(asked(), pick), size=2, tables=2), record.select(pick))


def test_a_plateau_follows_each_runs_own_loss(asked, run, by_itself):
    """Against a loop on the host that lowers the rate itself."""
    text = "plateau(0.5,patience=1)"
    mixed = np.where(np.arange(7) % 2, text, "constant")
    made = asked(None, mixed)
    record = run(made)
    spec = schedule(text)
    assert spec.depends_on_loss
    numbers = {name: np.asarray(value, float) for name, value in spec.numbers.items()}
    for k in (1, 3):
        factors, state = np.ones((EVALUATIONS, 6)), plateau_start()
        for e in range(EVALUATIONS - 1):  # factors up to e are right: what e measures decides what follows
            loss = by_itself(made, k, {"rate": factors})[0]["valid_loss"][e]
            state = plateau_next(numbers, state, np.asarray(loss))
            factors[e + 1 :] = float(state.factor)
        series = by_itself(made, k, {"rate": factors})[0]
        np.testing.assert_allclose(record.series["valid_loss"][k], series["valid_loss"], rtol=1e-9)
        assert factors.min() < 1
    plain = run(asked(None))
    np.testing.assert_allclose(record.series["score"][0], plain.series["score"][0], rtol=1e-9)


def test_through_every_chunk_bit_for_bit(asked, run):
    """Batch statistics, best weights, patience and plateaus are kept."""
    mixed = np.where(np.arange(7) % 2, "plateau(0.5,patience=1)", "decay")
    made = asked(
        schedules=mixed, network={"norm": "batchnorm", "dropout": True}, extra={"dropout": np.full(7, 0.2)}
    )
    how = {"width": 4, "size": 2, "tables": 2, "segments": 2}
    progress = []
    whole = run(made, progress.append, **how)
    assert len(progress) > 6

    def after_chunk(_):
        raise Stop

    kept = {}

    class Memory:
        def load(self, check):
            arrays = dict(np.load(io.BytesIO(kept["file"]))) if kept else None
            if arrays:
                check(arrays, "The memory")
            return arrays

        def save(self, arrays):
            file = io.BytesIO()
            np.savez(file, **arrays())
            kept["file"] = file.getvalue()

    for _ in progress:
        with pytest.raises(Stop):
            run(made, after_chunk, Memory(), **how)
    again = run(made, None, Memory(), **how)
    for one, other in ((whole.series, again.series), (whole.final, again.final)):
        assert one.keys() == other.keys()
        for name in one:
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)
    np.testing.assert_array_equal(whole.status, again.status)
    assert "statistics" in whole.final and np.isnan(whole.series["score"]).any()


def test_numbers_compile_nothing(asked, run):
    """Other rates of dropout, penalties, patience, texts of schedules."""
    plan = {"transforms": ("l2", "clip")}
    network = {"norm": "batchnorm", "dropout": True}

    def numbers(dropout, l2, clip):
        return {"dropout": np.full(7, dropout), "l2": np.full(7, l2), "clip": np.full(7, clip)}

    first = {"network": network, "plan": plan}
    run(asked(extra=numbers(0.2, 0.0, np.inf), **first))
    run(asked(schedules="plateau", extra=numbers(0.2, 0.0, np.inf), **first))
    seen = []

    def listen(event, seconds, **more):
        if event.endswith(("jaxpr_trace_duration", "backend_compile_duration")):
            seen.append((event, more))

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        for changed, more in (
            ({"patience": PATIENCE + 1}, (0.5, 1e-3, 1.0)),
            ({"patience": PATIENCE[::-1].copy(), "schedules": "step(0.1,every=2)"}, (0.0, 1e-1, 0.1)),
            ({"schedules": "plateau(0.2,patience=2)"}, (0.7, 0.0, 5.0)),
            ({"schedules": "cosine"}, (0.1, 0.0, 5.0)),
        ):
            run(asked(extra=numbers(*more), **changed, **first))
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)
    assert seen == []


def test_a_part_of_the_runs_is_followed_apart_and_put_back():
    runs = Runs(np.ones(4), np.full(4, "constant"), np.arange(4), patience=np.array([1, 0, 1, 2]))
    whole, apart = EarlyStopping(runs), EarlyStopping(runs)
    rng = np.random.default_rng(3)
    for _ in range(6):
        loss = rng.random(4)
        going = np.flatnonzero(~whole.stopped(np.arange(4)))
        whole.update(going, loss[going])
        for index in (np.array([0, 3]), np.array([1, 2])):
            part = apart.take(index)
            local = np.flatnonzero(~part.stopped(np.arange(2)))
            before = apart.state.waited.copy()
            part.update(local, loss[index[local]])
            np.testing.assert_array_equal(apart.state.waited, before)
            apart.put(index, part)
    for one, other in zip(whole.state, apart.state, strict=True):
        np.testing.assert_array_equal(one, other)
    assert whole.state.stopped.any() and apart.take(np.array([1])).used
