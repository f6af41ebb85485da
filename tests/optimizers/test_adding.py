"""An added optimizer or schedule costs one line of a table: texts name it, cohorts train it."""

import jax.numpy as jnp
import numpy as np
import pytest

from ravine.data import prepare, read
from ravine.engines import find_devices
from ravine.errors import UsageError
from ravine.networks import Network
from ravine.optimizers import OPTIMIZERS, SCHEDULES, per_array, read_optimizer, resolve, schedule
from ravine.optimizers.registry import register
from ravine.optimizers.schedule_kinds import Parameter, ScheduleKind
from ravine.training import Batches, Cohort, Plan, Runs, run_cohort, shape_for


@register("Signs", rate_centre=1e-3)
def signs(learning_rate=1e-3, share=0.5):
    """A step of the size of the rate, mixed with the gradient."""

    def init(w):
        return ()

    def step(g, slots, eta, share):
        return -eta * (share * jnp.sign(g) + (1 - share) * g), slots

    return per_array(init, step, learning_rate, share=share)


def halved(clock, numbers):
    """A schedule: 1, then `low` from the middle of the run on."""
    return clock.xp.where(clock.t < clock.steps / 2, 1.0, numbers["low"])


@pytest.fixture
def added(monkeypatch):
    monkeypatch.setitem(OPTIMIZERS, "signs", f"{__name__}:signs")
    low = Parameter(0.5, "from 0 to 1", lambda value: 0 <= value <= 1)
    monkeypatch.setitem(SCHEDULES, "halved", ScheduleKind(f"{__name__}:halved", {"low": low}))


def trained(rule, schedules, metric="accuracy"):
    batches, devices = Batches(prepare(read("iris")), root=0, batch_size=16), find_devices()
    plan = Plan(rule, Network((4, 5, 3)), "cross_entropy", metric, 16, steps_per_evaluation=10, evaluations=2)
    count = len(schedules)
    hyper = {name: np.full(count, value) for name, value in rule.defaults.items()}
    runs = Runs(np.full(count, 0.05), np.array(schedules), np.zeros(count, int), hyper)
    return run_cohort(Cohort(plan, runs, batches), shape_for(plan, batches, count, 1, devices), devices)


@pytest.mark.usefixtures("added")
def test_an_added_optimizer_and_schedule_are_named_and_trained():
    import ravine.optimizers

    assert str(read_optimizer("Signs(share=1.0)")) == "signs(share=1.0)"
    assert resolve("signs").title == "Signs" and ravine.optimizers.signs is signs
    assert str(schedule("halved(0.0)")) == "halved(0)"
    np.testing.assert_array_equal(schedule("halved(0)").factors(4, 1), [1, 1, 0, 0])
    with pytest.raises(UsageError, match="from 0 to 1"):
        schedule("halved(2)")

    record = trained(resolve("signs(share=1.0)"), ["constant", "halved(0)"])
    losses = record.series["valid_loss"]
    assert np.isfinite(losses).all()
    assert losses[0, 0] == losses[1, 0] == losses[1, 1] != losses[0, 1]  # the second run stops half-way


def test_it_is_gone_where_it_was_not_added():
    with pytest.raises(UsageError, match="no optimizer 'signs'"):
        read_optimizer("signs")
    with pytest.raises(UsageError, match="no schedule 'halved'"):
        schedule("halved")
