"""The real thing, small: compare, predict, train, stop, resume."""

import csv
import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ravine.records.run_index import list_runs

pytestmark = pytest.mark.slow

SMALL = ["--effort", "quick", "-O", "sgd,adam", "--seeds", "3", "--epochs", "4"]


def test_compare_predict_train_resume(shell, folder):
    ended = shell("compare", "iris", *SMALL, "--json")
    assert ended.returncode == 0, ended.stderr.decode()
    document = json.loads(ended.stdout)
    for key in (
        "schema_version",
        "data",
        "split",
        "metric",
        "plan",
        "seconds",
        "leaderboard",
        "pairs",
        "run_dir",
    ):
        assert key in document
    run = document["run_dir"]
    assert Path(run, "models", "best", "model.json").exists()

    again = shell("resume", "--json")
    assert again.returncode == 0, again.stderr.decode()
    resumed = json.loads(again.stdout)
    assert resumed.keys() == document.keys()
    for found in (resumed, document):  # all but the time it took
        del found["seconds"]
        for row in found["leaderboard"]:
            del row["seconds_to_target"]
    assert resumed == document
    assert json.loads(shell("runs", "--json").stdout)["runs"][0]["state"] == "finished"

    ended = shell("predict", "latest", "iris", "-q")
    rows = list(csv.DictReader(io.StringIO(ended.stdout.decode())))
    assert len(rows) == 150
    assert {row["prediction"] for row in rows} <= {"setosa", "versicolor", "virginica"}
    assert sum(float(rows[0][f"probability_{name}"]) for name in ("setosa", "versicolor", "virginica")) == (
        pytest.approx(1, abs=1e-5)
    )
    assert shell("predict", run, "iris", "-o", "p.csv").returncode == 0
    assert Path("p.csv").read_bytes() == ended.stdout
    assert json.loads(shell("predict", run, "iris", "--json").stdout)["data"]["rows"] == 150

    missing = "sepal length (cm),petal length (cm)\n1,2\n"
    ended = shell("predict", run, "-", input=missing.encode())
    assert ended.returncode == 3
    assert b"sepal width (cm)" in ended.stderr

    # from another folder, and moved: shown as it was, with paths that are there
    (folder / "elsewhere").mkdir()
    here = shell("resume", Path(run).resolve(), "--json", cwd=folder / "elsewhere")
    assert here.returncode == 0, here.stderr.decode()
    assert Path(json.loads(here.stdout)["model_dir"]).is_dir()
    there = shell("resume", folder / run, cwd=folder / "elsewhere")
    assert (there.returncode, there.stdout.count(b"ravine resume")) == (0, 1), there.stderr.decode()

    ended = shell("train", "-c", f"{run}/best.toml", "--epochs", "2", "--json")
    assert ended.returncode == 0, ended.stderr.decode()
    assert json.loads(ended.stdout)["result"]["optimizer"] == document["leaderboard"][0]["optimizer"]


def test_a_dry_run_shows_the_plan_of_either_scope_and_does_nothing(shell, folder):
    how = ["compare", "iris", "-O", "momentum,adam", "--effort", "quick", "--dry-run"]
    for scope, says in (
        ("learning-rate", "other hyperparameters as in the lecture"),
        ("all", "momentum, averaging rates and eps too"),
    ):
        ended = shell(*how, "--tune", scope)
        assert ended.returncode == 0, ended.stderr.decode()
        assert says in " ".join(ended.stdout.decode().split())
        ended = shell(*how, "--tune", scope, "--json")
        assert json.loads(ended.stdout)["tuning_scope"] == scope
    around = shell(*how, "--hyper-schedule", "rho=linear", "--l2", "0.01").stdout.decode()
    assert "other schedules" in around and "rho=linear" in around and "L2 0.01" in around
    assert not (folder / "runs").exists()


@pytest.mark.parametrize("verb", ["landscape", "diagnose"])
def test_ctrl_c_while_programs_run_ends_without_a_crash(verb, folder):
    """The interpreter must not be taken apart while a thread of the compiler's still works."""
    child = subprocess.Popen(
        [sys.executable, "-m", "ravine", verb, "digits", "--epochs", "40"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert any("digits: 1,797 rows" in line for line in child.stderr)  # reads up to there
    time.sleep(2)
    child.send_signal(signal.SIGINT)
    out, errors = child.communicate(timeout=60)
    assert (child.returncode, out) == (130, ""), errors
    assert "Traceback" not in errors and "Stopped" in errors


def test_stopped_and_resumed_is_as_undisturbed(shell, folder):
    how = ["compare", "digits", "--effort", "quick", "-O", "sgd,adam", "--epochs", "30", "--no-baselines"]
    child = subprocess.Popen(
        [sys.executable, "-m", "ravine", *how, "-o", "stopped"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    end = time.monotonic() + 60
    while not Path("stopped/plan.json").exists() and time.monotonic() < end:
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    out, errors = child.communicate(timeout=60)
    assert (child.returncode, out) == (130, b""), errors.decode()
    assert b"ravine resume stopped" in errors
    assert list_runs(".")[0].state == "stopped"

    ended = shell("resume", "stopped", "--json")
    assert ended.returncode == 0, ended.stderr.decode()
    resumed = json.loads(ended.stdout)
    undisturbed = json.loads(shell("compare", *how[1:], "-o", "whole", "--json").stdout)
    assert resumed["leaderboard"]
    for row, other in zip(resumed["leaderboard"], undisturbed["leaderboard"], strict=True):
        assert row["values"] == other["values"]
        assert row["learning_rate"] == other["learning_rate"]


@pytest.mark.parametrize(
    ("first", "longer", "what"), [(0.04, 0.12, ["digits", "--no-baselines"]), (0.3, 0.09, ["iris"])]
)
def test_killed_at_many_moments_and_resumed_is_as_undisturbed(shell, folder, first, longer, what):
    """kill -9 again and again, each time a little later; what is kept in the end is the same to the bit.

    Moments are shares of what the undisturbed run takes: on a fast machine they come sooner.
    """
    how = [*what, "--effort", "quick", "-O", "sgd,adam", "--epochs", "10", "--seeds", "3", "-q"]
    clock = time.perf_counter()
    ended = shell("compare", *how, "-o", "whole")
    whole = time.perf_counter() - clock
    assert ended.returncode == 0, ended.stderr.decode()
    wait, arguments, killed = first * whole, ["compare", *how, "-o", "killed"], 0
    while True:
        child = subprocess.Popen(
            [sys.executable, "-m", "ravine", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        try:
            _, errors = child.communicate(timeout=wait)
            break
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
        killed += 1
        wait += longer * whole
        if Path("killed/config.toml").exists():
            arguments = ["resume", "killed", "-q"]
    assert child.returncode == 0, errors.decode()
    assert killed > 2
    assert list_runs(".")[0].state == "finished"
    assert kept("killed") == kept("whole")


@pytest.mark.parametrize("name", ["dask:local:2", "processes"])
def test_other_processes_give_the_files_of_threads_after_a_stop_and_a_kill(shell, folder, name):
    """Stopped, killed, then finished by threads: the engine leaves no trace in the result."""
    how = ["iris", "--effort", "quick", "-O", "sgd,adam", "--epochs", "60", "--no-baselines", "-q"]
    assert shell("compare", *how, "-o", "whole").returncode == 0
    engine = ["--engine", name]
    arguments = ["compare", *how, "-o", "other", *engine]
    for cohorts, send in ((1, signal.SIGINT), (3, signal.SIGKILL)):
        child = subprocess.Popen(
            [sys.executable, "-m", "ravine", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        end = time.monotonic() + 100
        while len(list(Path("other").glob("cohorts/*"))) < cohorts and child.poll() is None:
            assert time.monotonic() < end
            time.sleep(0.02)
        child.send_signal(send)
        _, errors = child.communicate(timeout=100)
        assert child.returncode == (130 if send == signal.SIGINT else -signal.SIGKILL), errors.decode()
        if send == signal.SIGINT:
            assert f"ravine resume other --engine {name}".encode() in errors
        arguments = ["resume", "other", "-q", *engine]
    ended = shell("resume", "other", "-q")
    assert ended.returncode == 0, ended.stderr.decode()
    assert kept("other") == kept("whole")


def kept(run):
    """Every file a run keeps, without the seconds it took and the names of its folder."""
    files = {
        str(path.relative_to(run)): path.read_bytes()
        for path in sorted(Path(run).rglob("*"))
        if path.suffix in (".npz", ".safetensors") or path.name in ("plan.json", "best.toml", "config.toml")
    }
    assert any(name.endswith(".npz") for name in files) and any("safetensors" in name for name in files)
    return files, _without_time(json.loads(Path(run, "result.json").read_text()))


def _without_time(each):
    if isinstance(each, dict):
        passing = (
            "seconds",
            "seconds_to_target",
            "run_dir",
            "model_dir",
            "predictions",
        )  # the last are paths
        return {key: _without_time(value) for key, value in each.items() if key not in passing}
    return [_without_time(value) for value in each] if isinstance(each, list) else each
