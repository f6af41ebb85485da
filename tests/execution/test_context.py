"""The context of a run: cohorts once, parameters where they are needed, events and times."""

from __future__ import annotations

import time

import numpy as np
import pytest

from ravine.engines import find_devices
from ravine.execution.context import RunContext
from ravine.execution.events import StageStarted
from ravine.execution.prepared_training import prepare_training
from ravine.execution.runner import Runner
from ravine.records.run_directory import RunDirectory
from ravine.studies.train.settings import TrainSettings
from ravine.training import Cohort, shape_for

DEVICES = find_devices("cpu")


@pytest.fixture
def work(blobs):
    """A cohort of two runs, and the shape of its program."""
    made = prepare_training(TrainSettings(net="4", epochs=2), blobs)
    cohort = Cohort(made.plan, made.runs([1, 2]), made.batches, made.spec.initial, True)
    return cohort, shape_for(made.plan, made.batches, 2, 2, DEVICES)


def context_for(blobs, run=None):
    events = []
    runner = Runner(run, events.append, lambda: None, 100)
    return RunContext(blobs, DEVICES, run, events.append, runner, time.perf_counter()), events


@pytest.mark.parametrize("kept", [False, True])
def test_parameters_stay_on_disk_where_there_is_a_run_directory(blobs, work, tmp_path, kept):
    run = RunDirectory.create(name="blobs", out=tmp_path / "run") if kept else None
    context, _ = context_for(blobs, run)
    record = context.train("train", "adam", *work)
    assert context.records == {"train adam": record}
    assert ("parameters" in record.final) is not kept
    whole = context.parameters_of("train", "adam")
    assert len(whole.final["parameters"]) == 2
    np.testing.assert_array_equal(whole.series["train_loss"], record.series["train_loss"])
    if run is not None:
        run.close()


def test_a_finished_cohort_is_read_and_not_trained_again(blobs, work, tmp_path, monkeypatch):
    with RunDirectory.create(name="blobs", out=tmp_path / "run") as run:
        first, _ = context_for(blobs, run)
        record = first.train("train", "adam", *work)
        monkeypatch.setattr("ravine.execution.runner.run_cohort", None)
        second, events = context_for(blobs, run)
        again = second.train("train", "adam", *work)
    np.testing.assert_array_equal(again.series["score"], record.series["score"])
    assert second.runner.done == first.runner.done == 2 * work[0].plan.steps
    assert second.runner.finished == 2 and events == []


def test_folders_are_named_only_where_there_is_a_run_directory(blobs, tmp_path):
    assert (context_for(blobs)[0].run_dir, context_for(blobs)[0].model_dir) == (None, None)
    with RunDirectory.create(name="blobs", out=tmp_path / "run") as run:
        context, _ = context_for(blobs, run)
        assert context.run_dir == str(tmp_path / "run")
        assert context.model_dir == str(tmp_path / "run" / "models" / "best")


def test_stages_and_seconds_are_reported(blobs, work):
    context, events = context_for(blobs)
    context.stage("test", "the test split")
    assert events == [StageStarted("test", "the test split")]
    context.train("train", "adam", *work)
    seconds = context.seconds([(work[0].plan, work[1])])
    assert 0 < seconds.train <= seconds.total and seconds.compile > 0
    assert context.seconds([]).compile == 0
