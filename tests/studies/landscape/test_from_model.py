"""A landscape around a run or a model, on its own rows or on those of other data."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest

import ravine
from ravine.errors import DataError, Stopped, UsageError
from ravine.execution.events import Noted, StageStarted
from ravine.execution.execute import dry_run, execute
from ravine.execution.new_run import execute_in_new_run
from ravine.execution.registry import find_study
from ravine.execution.resume import resume
from ravine.records.model_files import digest_of
from ravine.records.run_directory import RunDirectory

LANDSCAPE = find_study("landscape")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    random = np.random.default_rng(0)
    kind = random.integers(0, 2, 120)
    x = random.normal(size=(120, 2)) + kind[:, None]
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    lines = [f"{a:.6f},{b:.6f},{'no' if k else 'yes'}" for (a, b), k in zip(x, kind, strict=True)]
    path.write_text("\n".join(["a,b,kind", *lines]) + "\n")
    return path


@pytest.fixture(scope="module")
def run(table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "t"
    wanted = {"optimizer": "momentum", "epochs": 3, "net": "4", "schedule": "constant"}
    with pytest.MonkeyPatch.context() as elsewhere:
        elsewhere.chdir(folder.parent)  # where runs/latest will point at it
        ravine.train(str(table), "kind", out=folder, **wanted)
    return folder


def around(model, **changes):
    return LANDSCAPE.settings.from_dict({"model": str(model), "grid": 5} | changes)


def test_around_a_run_on_its_own_rows(run):
    found = execute(LANDSCAPE, around(run))
    assert (found.center.optimizer, found.center.current_learning_rate) == ("momentum", pytest.approx(0.03))
    assert found.sharpness.limit == pytest.approx(3.8 / 0.03)
    assert found.trajectories == []
    assert "holds its last parameters only" in found.not_drawn[0].why
    # 120 rows less 20 % to test and 20 % of the others to validate
    assert (found.data.rows, found.center.rows) == (120, 77)


def test_around_a_model_on_rows_named_with_it(run, table, tmp_path):
    model = ravine.load_model(run)
    found = execute(LANDSCAPE, around(run / "models" / "best", source=str(table)))
    frame = pd.read_csv(table)
    share = model.predict_proba(frame)
    index = [model.classes.index(label) for label in frame["kind"]]
    expected = -np.log(share[np.arange(len(frame)), index]).mean()
    assert found.center.loss == pytest.approx(expected, rel=1e-5)
    assert found.center.rows == 120

    strange = tmp_path / "strange.csv"
    strange.write_text("a,b,kind\n1,2,maybe\n")
    with pytest.raises(DataError, match="class 'maybe'"):
        execute(LANDSCAPE, around(run, source=str(strange)))
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n3,4\n")
    with pytest.raises(DataError, match="no column 'kind'"):
        execute(LANDSCAPE, around(run, source=str(other)))


def test_numbers_are_measured_in_the_unit_of_the_model(tmp_path):
    random = np.random.default_rng(1)
    frame = pd.DataFrame(random.normal(size=(90, 2)), columns=["a", "b"])
    frame["y"] = 1e3 + 50 * frame.a
    frame.to_csv(tmp_path / "numbers.csv", index=False)
    model = ravine.train(frame, "y", net="linear", epochs=2).model
    model.save(tmp_path / "model")
    found = execute(LANDSCAPE, around(tmp_path / "model", source=str(tmp_path / "numbers.csv")))
    expected = np.mean((model.predict(frame) - frame.y) ** 2) / model.target_scale**2
    assert found.center.loss == pytest.approx(expected, rel=1e-4)
    assert found.center.loss_name == "squared_error"


def test_a_model_in_no_run_needs_its_data(run, tmp_path):
    alone = tmp_path / "alone"
    shutil.copytree(run / "models" / "best", alone)
    with pytest.raises(UsageError, match="is not in a run directory"):
        execute(LANDSCAPE, around(alone))


def test_a_model_without_a_seed_needs_its_data(run, tmp_path, seal):
    shutil.copytree(run, tmp_path / "t")
    path = tmp_path / "t" / "models" / "best" / "model.json"
    document = json.loads(path.read_text())
    del document["description"]["about"]["seed"]
    path.write_text(json.dumps(document | {"model_sha256": digest_of(document)}))
    seal(tmp_path / "t")
    with pytest.raises(DataError, match="names no seed"):
        execute(LANDSCAPE, around(tmp_path / "t"))


def test_rows_in_memory_do_not_say_how_they_are_encoded(run):
    with pytest.raises(UsageError, match="file"):
        ravine.landscape(np.zeros((9, 2)), np.arange(9) % 2, model=run, grid=5)


def test_a_model_that_does_not_exist_leaves_no_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="nowhere"):
        execute_in_new_run(LANDSCAPE, around("nowhere"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_latest_means_the_run_before_this_one(run, monkeypatch, tmp_path):
    shutil.copytree(run, tmp_path / "runs" / "t")
    (tmp_path / "runs" / "latest").symlink_to("t")
    monkeypatch.chdir(tmp_path)
    for model in ("latest", "runs/latest"):
        found = execute_in_new_run(LANDSCAPE, around(model))
        assert found.center.origin == "runs/t"
        assert found.path is not None and "rows" in found.path.name  # named for the data of the model
        (tmp_path / "runs" / "latest").unlink()
        (tmp_path / "runs" / "latest").symlink_to("t")


def test_options_of_training_are_reported_as_unused(run):
    events = []
    execute(LANDSCAPE, around(run, net="9", optimizers=["adam"], span=0.5), notify=events.append)
    (note,) = [event.text for event in events if isinstance(event, Noted) and "no effect" in event.text]
    assert note.endswith("no effect: --net, --optimizers.")


def test_a_stopped_landscape_of_a_model_goes_on(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    reached = []

    def notify(event):
        if isinstance(event, StageStarted):
            reached.append(event)

    with pytest.raises(Stopped):
        execute_in_new_run(
            LANDSCAPE, around(run), out="out", notify=notify, should_stop=lambda: 75 if reached else None
        )
    assert [event.about for event in reached] == ["curvature"]
    with RunDirectory.open("out").lock() as again:
        found = resume(again)
        shown = resume(again)  # a finished one
    undisturbed = execute(LANDSCAPE, around(run))
    assert found.sharpness == undisturbed.sharpness
    np.testing.assert_array_equal(found.arrays["plane/random/loss"], undisturbed.arrays["plane/random/loss"])
    assert shown == found
    np.testing.assert_array_equal(shown.arrays["plane/random/loss"], found.arrays["plane/random/loss"])


def test_resuming_with_another_model_is_refused(run, tmp_path, monkeypatch, seal):
    monkeypatch.chdir(tmp_path)
    for net in ("4", "5"):
        ravine.train("iris", net=net, epochs=1, out=f"net{net}")
    with pytest.raises(Stopped):
        execute_in_new_run(LANDSCAPE, around("net4"), out="out", should_stop=lambda: 75)
    shutil.rmtree("net4/models")
    shutil.copytree("net5/models", "net4/models")
    with pytest.raises(DataError, match=r"model\.json' was changed"), RunDirectory.open("out").lock() as old:
        resume(old)
    seal("net4")  # a model that a complete other run has there
    with (
        pytest.raises(DataError, match="plan of this run has changed"),
        RunDirectory.open("out").lock() as old,
    ):
        resume(old)


def test_the_plan_of_a_model(run):
    plan = dry_run(LANDSCAPE, around(run))
    assert plan.model == str(run)
    assert plan.plan.training is None
    assert (plan.plan.barriers, plan.plan.planes) == (0, ["random", "eigenvectors"])
