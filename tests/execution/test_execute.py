"""One path for all callers: files, events and states of a run, whether it finishes, fails or is stopped."""

from __future__ import annotations

import json

import numpy as np
import pytest

import ravine
from ravine.errors import DataError, NothingTrained, Stopped
from ravine.execution.events import ChunkDone, DataLoaded, PlanReady, RunEnded
from ravine.execution.execute import dry_run, execute
from ravine.execution.new_run import execute_in_new_run
from ravine.execution.registry import find_study
from ravine.execution.resume import resume
from ravine.records.manifest import check_run
from ravine.records.run_directory import RunDirectory
from ravine.records.run_index import list_runs

TRAIN = find_study("train")
ROWS = np.random.default_rng(0).normal(size=(60, 3))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("data.npz", X=ROWS, y=(ROWS[:, 0] > 0).astype(int))
    return tmp_path


def settings(**changes):
    known = {"source": "data.npz", "net": "4", "epochs": 4.0, "seeds": 2}
    return TRAIN.settings.from_dict(known | changes)


def events_of(run):
    return [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]


def test_a_run_holds_everything_and_its_result_is_read_again(folder):
    seen = []
    result = execute_in_new_run(TRAIN, settings(), out="run", notify=seen.append)
    run = folder / "run"
    assert {path.name for path in run.iterdir()} >= {
        "run.json", "config.toml", "plan.json", "result.json", "events.jsonl", "cohorts", "models", "log.txt",
    }  # fmt: skip
    stored = json.loads((run / "result.json").read_text().replace("{run}", "run"))
    assert stored | {"seconds": vars(result.seconds)} == json.loads(json.dumps(result.to_dict()))
    assert check_run(run) == []
    kinds = [type(event) for event in seen]
    assert kinds[0] is DataLoaded and kinds[-1] is RunEnded and PlanReady in kinds and ChunkDone in kinds
    assert [event["event"] for event in events_of(run)][-1] == "RunEnded"
    assert events_of(run)[-1]["state"] == "finished"
    last = [event for event in events_of(run) if event["event"] == "ChunkDone"][-1]
    assert last["done"] == last["total"] and last["finished"] == 2
    with RunDirectory.open("run").lock() as again:
        assert resume(again).to_dict() == result.to_dict()


def test_progress_tells_scores_runs_and_time(folder):
    seen = []
    execute(TRAIN, settings(), notify=seen.append)
    last = [event for event in seen if isinstance(event, ChunkDone)][-1]
    assert last.finished == 2 and last.done == last.total
    assert 0 <= last.scores["adam"] <= 1
    assert last.seconds_left == 0


def test_a_moved_run_names_its_new_folder(folder):
    execute_in_new_run(TRAIN, settings(), out="before")
    (folder / "before").rename("after")
    with RunDirectory.open("after").lock() as run:
        found = resume(run)
    assert (found.run_dir, found.model_dir) == ("after", "after/models/best")
    assert found.model.predict(ROWS).shape == (60,)


def test_a_dry_run_writes_nothing_and_trains_nothing(folder, monkeypatch):
    monkeypatch.setattr("ravine.execution.runner.run_cohort", None)
    plan = dry_run(TRAIN, settings())
    assert plan.plan.runs == 2
    assert [path.name for path in folder.iterdir()] == ["data.npz"]


def test_data_that_cannot_be_read_leave_no_directory(folder):
    (folder / "bad.csv").write_text("a,b\n")
    with pytest.raises(DataError):
        execute_in_new_run(TRAIN, settings(source="bad.csv"))
    assert not (folder / "runs").exists()


@pytest.mark.parametrize("out", [None, "kept"])
def test_a_study_that_fails_in_python_is_marked_failed(folder, monkeypatch, out):
    def broken(*_, **__):
        raise NothingTrained("Training diverged.")

    monkeypatch.setattr("ravine.studies.train.study.run", broken)
    with pytest.raises(NothingTrained):
        ravine.train("data.npz", net="4", epochs=4, out=out)
    assert [run.state for run in list_runs(".")] == (["failed"] if out else [])


def test_ctrl_c_in_python_marks_the_run_stopped_and_it_can_be_resumed(folder, monkeypatch):
    calls = iter([None])

    def interrupted(event):
        if isinstance(event, ChunkDone) and next(calls, "again") is None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ravine.train("data.npz", net="4", epochs=4, out="run", notify=interrupted)
    assert RunDirectory.open("run").metadata.state == "stopped"
    assert events_of(folder / "run")[-1]["state"] == "stopped"
    with RunDirectory.open("run").lock() as run:
        after = resume(run)
    undisturbed = ravine.train("data.npz", net="4", epochs=4)
    assert after.curves == undisturbed.curves
    assert RunDirectory.open("run").metadata.state == "finished"


def test_a_stop_request_saves_and_says_how_to_go_on(folder):
    with pytest.raises(Stopped) as error:
        execute_in_new_run(TRAIN, settings(), out="run", should_stop=lambda: 143)
    assert error.value.status == 143 and "ravine resume run" in error.value.fix
    assert RunDirectory.open("run").metadata.state == "stopped"


def test_resuming_with_changed_data_is_refused_and_takes_nothing_from_the_run(folder):
    execute_in_new_run(TRAIN, settings(), out="run")
    np.savez("data.npz", X=ROWS + 1, y=(ROWS[:, 0] > 0).astype(int))
    with (
        pytest.raises(DataError, match="changed since this run began"),
        RunDirectory.open("run").lock() as run,
    ):
        resume(run)
    assert RunDirectory.open("run").metadata.state == "finished"
