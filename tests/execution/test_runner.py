"""The runner of cohorts: progress with scores and counts, finished cohorts from disk, and stops."""

from __future__ import annotations

import time

import numpy as np
import pytest

from ravine.engines import find_devices
from ravine.errors import Stopped
from ravine.execution.events import ChunkDone, StageStarted
from ravine.execution.prepared_training import prepare_training
from ravine.execution.runner import Runner
from ravine.records.run_directory import RunDirectory
from ravine.studies.train.settings import TrainSettings
from ravine.training import Cohort, shape_for

DEVICES = find_devices("cpu")


def cohort_for(blobs, rates=(0.01, 0.1), seeds=(1, 2), **settings):
    made = prepare_training(TrainSettings(net="4", epochs=3, optimizer="sgd", **settings), blobs)
    count = len(rates)
    runs = made.spec.runs(
        made.plan, np.array(rates), np.full(count, made.schedule), np.array(seeds), {}
    )  # fmt: skip
    return Cohort(made.plan, runs, made.batches, made.spec.initial, True), shape_for(
        made.plan, made.batches, count, count, DEVICES
    )


@pytest.mark.parametrize(("metric", "best"), [("accuracy", np.nanmax), ("log_loss", np.nanmin)])
def test_progress_tells_the_best_score_so_far_and_ends_at_the_total(blobs, metric, best):
    cohort, shape = cohort_for(blobs, metric=metric)
    events = []
    runner = Runner(None, events.append, lambda: None, total=2 * 2 * cohort.plan.steps)
    record = runner.cohort("tune", "sgd", cohort, shape, DEVICES)
    started = [event for event in events if type(event) is StageStarted]
    assert started in ([], [StageStarted("compile", "sgd")])  # the program may be compiled already
    events[:] = [event for event in events if event not in started]
    assert all(type(event) is ChunkDone and event.stage == "tune" for event in events)
    assert [event.done for event in events] == sorted(event.done for event in events)
    assert events[0].scores == {} and events[0].seconds_left is None
    assert events[-1].scores == {"sgd": pytest.approx(best(record.series["score"]))}
    again, _ = cohort_for(blobs, seeds=(3, 4), metric=metric)
    other = runner.cohort("tune", "sgd", again, shape, DEVICES)
    assert runner.done == runner.total and runner.finished == 4
    both = np.concatenate([record.series["score"], other.series["score"]])
    assert events[-1].scores["sgd"] == pytest.approx(best(both))


def test_each_report_estimates_the_next_chunk_and_none_follows_the_last(blobs):
    cohort, shape = cohort_for(blobs, rates=(0.01, 0.1), seeds=(5, 6))
    events, slow = [], 0.05

    def listener(event):
        if type(event) is ChunkDone:
            events.append(event)
            time.sleep(slow)

    Runner(None, listener, lambda: None).cohort("tune", "sgd", cohort, shape, DEVICES)
    *before, last = [event.next_chunk_s for event in events]
    assert last is None and len(before) == cohort.plan.evaluations // shape.segments >= 2
    assert all(value > 0 for value in before)
    assert before[1] >= slow  # measured: the listener's own time counts


@pytest.mark.parametrize(("share", "known"), [(1, True), (100, False)])
def test_the_time_left_is_unknown_until_a_part_is_trained(blobs, share, known):
    """After a few of many steps, the time to start would be taken for the time of the steps."""
    cohort, shape = cohort_for(blobs)
    events, trained = [], 2 * cohort.plan.steps
    Runner(None, events.append, lambda: None, total=share * trained).cohort(
        "tune", "sgd", cohort, shape, DEVICES
    )
    last = [event for event in events if type(event) is ChunkDone][-1]
    assert last.done == trained
    assert (last.seconds_left is not None) == known


def test_runs_that_diverge_are_counted_and_leave_no_steps(blobs):
    cohort, shape = cohort_for(blobs, rates=(0.01, 1e30))
    runner = Runner(None, lambda event: None, lambda: None, total=2 * cohort.plan.steps)
    runner.cohort("tune", "sgd", cohort, shape, DEVICES)
    assert (runner.finished, runner.diverged) == (1, 1)
    assert runner.done == runner.total


def test_the_key_of_a_cohort_depends_on_what_it_computes(blobs):
    runner = Runner(None, lambda event: None, lambda: None)
    key = runner.key("tune", cohort_for(blobs)[0])
    assert runner.key("tune", cohort_for(blobs)[0]) == key
    others = [
        runner.key("evaluate", cohort_for(blobs)[0]),
        runner.key("tune", cohort_for(blobs, rates=(0.01, 0.2))[0]),
        runner.key("tune", cohort_for(blobs, seeds=(1, 3))[0]),
        runner.key("tune", cohort_for(blobs, seed=1)[0]),
        runner.key("tune", cohort_for(blobs, l2=0.1)[0]),
        runner.key("tune", cohort_for(blobs, scaling="none")[0]),
        runner.key("tune", cohort_for(blobs, validation=0.3)[0]),
    ]
    assert len({key, *others}) == 8


def test_a_stop_comes_after_a_chunk_with_its_status_and_the_state_is_saved(blobs, tmp_path):
    cohort, shape = cohort_for(blobs)
    with RunDirectory.create(name="blobs", out=tmp_path / "run") as run:
        stopping = Runner(run, lambda event: None, lambda: 75)
        with pytest.raises(Stopped) as caught:
            stopping.cohort("tune", "sgd", cohort, shape, DEVICES)
        assert caught.value.status == 75 and f"ravine resume {run.path}" in caught.value.fix
        key = stopping.key("tune", cohort)
        assert run.load_state(key) is not None and run.find_cohort(key) is None
        going_on = Runner(run, lambda event: None, lambda: None)
        record = going_on.cohort("tune", "sgd", cohort, shape, DEVICES)
        assert run.find_cohort(key) is not None and run.load_state(key) is None
    undisturbed = Runner(None, lambda event: None, lambda: None).cohort("tune", "sgd", cohort, shape, DEVICES)
    for name, values in undisturbed.series.items():
        np.testing.assert_array_equal(record.series[name], values)
    assert going_on.steps_trained < 2 * cohort.plan.steps


def test_seconds_of_a_step_are_known_for_what_was_run(blobs):
    cohort, shape = cohort_for(blobs)
    runner = Runner(None, lambda event: None, lambda: None)
    assert runner.step_seconds("sgd") is None
    runner.cohort("tune", "sgd", cohort, shape, DEVICES)
    assert runner.step_seconds("sgd") == pytest.approx(runner.train_seconds / (2 * cohort.plan.steps))
    assert runner.compile_seconds(cohort.plan, shape, DEVICES) > 0
