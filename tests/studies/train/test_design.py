"""The design of a training: pure, and the same for result, plan and plan.json."""

from __future__ import annotations

import numpy as np
import pytest

from ravine.data import from_arrays
from ravine.engines import find_devices
from ravine.errors import UsageError
from ravine.optimizers import schedule
from ravine.studies.train.design import design, plan
from ravine.studies.train.settings import TrainSettings

X = np.random.default_rng(0).standard_normal((100, 3))
DATA = from_arrays(X, (X[:, 0] > 0).astype(int), name="cloud")


def made(**changes):
    settings = TrainSettings.from_dict({"net": "4", "epochs": 5.0, "seeds": 2} | changes)
    return design(settings, DATA, find_devices("cpu"))


def test_steps_are_those_of_the_epochs_and_seeds_count():
    found = made(batch_size=8)
    rows = found.prepared.batches.sizes[0]
    assert found.prepared.plan.steps >= round(5 * rows / 8)  # rounded up to whole evaluations
    assert found.network_steps == 2 * found.prepared.plan.steps
    assert found.plan_document()["seeds"] == found.seeds == [2_000, 2_001]
    assert len(found.cohort.runs) == 2


def test_the_rate_before_each_evaluation_follows_the_schedule():
    found = made(learning_rate=0.1, schedule="step(0.5,every=2)")
    train, batches = found.prepared.plan, found.prepared.batches
    factors = schedule("step(0.5,every=2)").factors(train.steps, batches.sizes[0] / batches.batch_size)
    rates = found.facts().rates
    assert rates[0] == pytest.approx(0.1 * factors[0])
    assert rates[-1] == pytest.approx(0.1 * factors[-1])
    assert made(schedule="plateau").facts().rates is None


def test_a_schedule_is_sampled_at_its_ends_and_quarters():
    curve = made(learning_rate=0.1, schedule="linear", epochs=400.0).schedules()[0]
    assert curve.what == "learning rate" and len(curve.values) == len(curve.epochs) == 257
    assert curve.epochs[0] == 0 and curve.epochs[-1] < curve.total_epochs
    assert curve.values[0] == pytest.approx(0.1)
    assert curve.values[128] == pytest.approx(0.05, rel=0.01)


def test_a_plan_draws_the_schedules_where_a_picture_is_named(tmp_path):
    path = tmp_path / "schedule.png"
    shown = plan(made(plot_schedule=str(path)))
    assert shown.picture == str(path) and path.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UsageError, match=r"schedule\.xyz"):
        plan(made(plot_schedule=str(tmp_path / "schedule.xyz")))
