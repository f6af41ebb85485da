"""Training that keeps every look: it stops at a chunk and goes on as if it had not."""

from __future__ import annotations

import numpy as np
import pytest

from ravine.engines import find_devices
from ravine.errors import Stopped
from ravine.execution.events import ChunkDone, StageStarted
from ravine.execution.new_run import execute_in_new_run
from ravine.execution.registry import find_study
from ravine.execution.resume import resume
from ravine.records.run_directory import RunDirectory
from ravine.studies.landscape.design import design
from ravine.studies.landscape.trajectories import SNAPSHOTS, train_with_snapshots, trajectory_of

LANDSCAPE = find_study("landscape")


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    y = random.integers(0, 2, 90)
    np.savez("data.npz", X=random.normal(size=(90, 3)) + y[:, None], y=y)
    return "data.npz"


def settings_of(source="", **changes):
    known = {"net": "4", "epochs": 4.0, "grid": 5, "solutions": 2, "optimizers": ["sgd", "adam"]}
    return LANDSCAPE.settings.from_dict({"source": source} | known | changes)


def same(one, other):
    """Whether two results are equal bit by bit, times and paths excepted."""
    but = {"seconds": 0.0, "run_dir": None, "pictures": [], "source": ""}
    assert one.replace(**but) == other.replace(**but)
    assert one.arrays.keys() == other.arrays.keys()
    for name, array in one.arrays.items():
        np.testing.assert_array_equal(array, other.arrays[name], err_msg=name)


def stopped_after(settings, wanted, out="run"):
    """Run until `wanted(event)`, stop a little later, and return events and result of resuming."""
    reached = []

    def notify(event):
        if wanted(event):
            reached.append("event")

    def should_stop():
        if reached:
            reached.append("call")
        return 143 if len(reached) > 2 else None

    with pytest.raises(Stopped):
        execute_in_new_run(LANDSCAPE, settings, out=out, notify=notify, should_stop=should_stop)
    assert RunDirectory.open(out).metadata.state == "stopped"
    events = []
    with RunDirectory.open(out).lock() as run:
        result = resume(run, notify=events.append)
    assert RunDirectory.open(out).metadata.state == "finished"
    return events, result


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {},
        pytest.param(
            {"schedule": "plateau(patience=1)", "net": "4 dropout=0.2", "average": "ema=0.9"},
            marks=pytest.mark.slow,
        ),
        pytest.param(
            {"net": "4 batchnorm", "optimizers": ["momentum", "optax:lion(b1=0.8)"], "precision": "float64"},
            marks=pytest.mark.slow,
        ),
    ],
    ids=["plain", "plateau", "batchnorm"],
)
def test_a_training_stopped_at_a_chunk_goes_on_bit_by_bit(source, changes):
    settings = settings_of(source, **changes)
    second = settings.optimizers[1].partition("(")[0]

    def in_the_second(event):
        here = isinstance(event, ChunkDone) and event.about.startswith(second)
        return here and event.done == event.total - 5

    events, result = stopped_after(settings, in_the_second)
    same(result, execute_in_new_run(LANDSCAPE, settings, out="undisturbed"))
    # the first optimizer was finished, the second had 4 chunks left: neither begins again
    trained = [event for event in events if isinstance(event, ChunkDone)]
    assert {event.about for event in trained} == {result.trajectories[1].optimizer}
    assert len(trained) == 1 + 4


@pytest.mark.slow
def test_a_landscape_stopped_between_measurements_trains_nothing_again(source):
    settings = settings_of(source)
    events, result = stopped_after(
        settings, lambda event: isinstance(event, StageStarted) and event.about == "slices"
    )
    assert not [event for event in events if isinstance(event, ChunkDone)]
    assert [event.about for event in events if isinstance(event, StageStarted) and event.stage == "measure"]
    same(result, execute_in_new_run(LANDSCAPE, settings, out="undisturbed"))


def test_progress_moves_through_the_training_to_its_end(source):
    events = []
    result = execute_in_new_run(LANDSCAPE, settings_of(source), out="run", notify=events.append)
    chunks = [event for event in events if isinstance(event, ChunkDone)]
    assert [event.done for event in chunks] == sorted(event.done for event in chunks)
    assert chunks[0].done == 0
    # the last training reports its last chunk; its runs are counted when it is over
    assert (chunks[-1].done, chunks[-1].total) == (3 * result.center.steps, 3 * result.center.steps)


def test_looks_hold_start_and_end_and_what_diverged(line):
    """From a rate that is far too high nothing finite is left, and training ends early."""
    made = design(
        settings_of(optimizers=["sgd"], learning_rate=1e12, net="linear", epochs=20.0),
        line,
        find_devices(None),
    )
    cohort, seed = made.trainings.first, made.trainings.rows_seed
    seams = []
    record = train_with_snapshots(cohort, seed, seams.append, None)
    found = trajectory_of(cohort, seed, record)
    assert not found.finished.any()
    assert len(seams) == len(found.steps) - 1 < SNAPSHOTS
    assert seams[-1].diverged == len(record) == 2
    for run in range(2):
        path = found.path(run)
        assert np.isfinite(path).all() and len(path) < len(found.steps)
