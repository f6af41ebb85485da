"""Early stopping and plateaus inside cohorts: for each run by itself, and through every seam."""

import io

import jax
import numpy as np
import pytest

from ravine.engines import precision_context
from ravine.networks import METRICS
from ravine.optimizers import plateau_next, plateau_start, schedule
from ravine.training import parameters_of
from ravine.training.stopping import stop_epoch

RATES = (0.5, 0.05, 0.3, 0.4, 0.01, 0.2, 0.3)
SEEDS = (0, 1, 2, 0, 1, 2, 1)
PATIENCE = np.array([1, 2, 3, 2, 0, 1, 5])
CHANGE = np.array([0.0, 0.0, 0.01, 0.0, 0.0, 0.05, 0.0])
EVALUATIONS = 16


class Stop(Exception):
    """Stopped at a seam."""


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
    seams = []
    record = run(asked(), seam=seams.append, segments=1, size=1, tables=1)
    went = np.isfinite(record.series["score"]).sum(axis=0) * 6
    told = [each.steps for each in seams]
    np.testing.assert_array_equal(told, went[: len(told)])
    assert told[-1] < told[0] and [each.finished for each in seams] == sorted(e.finished for e in seams)


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


def test_through_every_seam_bit_for_bit(asked, run):
    """Batch statistics, best weights, patience and plateaus are kept."""
    mixed = np.where(np.arange(7) % 2, "plateau(0.5,patience=1)", "decay")
    made = asked(
        schedules=mixed, network={"norm": "batchnorm", "dropout": True}, extra={"dropout": np.full(7, 0.2)}
    )
    how = {"width": 4, "size": 2, "tables": 2, "segments": 2}
    seams = []
    whole = run(made, seams.append, **how)
    assert len(seams) > 6

    def seam(_):
        raise Stop

    kept = {}

    class Memory:
        def load(self):
            return dict(np.load(io.BytesIO(kept["file"]))) if kept else None

        def save(self, arrays):
            file = io.BytesIO()
            np.savez(file, **arrays())
            kept["file"] = file.getvalue()

    for _ in seams:
        with pytest.raises(Stop):
            run(made, seam, Memory(), **how)
    again = run(made, None, Memory(), **how)
    for one, other in ((whole.series, again.series), (whole.final, again.final)):
        assert one.keys() == other.keys()
        for name in one:
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)
    np.testing.assert_array_equal(whole.status, again.status)
    assert "statistics" in whole.final and np.isnan(whole.series["score"]).any()


def test_numbers_compile_nothing(asked, run):
    """Other rates of dropout, penalties, patience, texts of schedules."""
    plan = {"around": ("l2", "clip")}
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
