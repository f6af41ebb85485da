"""From arguments to exit status with a study that is not slow: what is shown, and what is left behind."""

import builtins
import dataclasses
import errno
import json
import os
import shlex
import signal
import sys
import threading
from pathlib import Path

import pytest

from ravine.cli import main
from ravine.errors import DataError, NothingTrained, RavineError, UsageError
from ravine.records.os_errors import os_errors_as_data_errors
from ravine.records.run_directory import RunDirectory
from ravine.records.run_index import list_runs, read_run_file


def the_run(root="runs"):
    (found,) = list_runs(root)
    return found


def commands_in(text):
    """Return the words of every command that is shown, as a shell takes them."""
    whole = text.replace("\\\n", "")  # a shell joins these lines, shlex does not
    return [shlex.split(line) for line in whole.splitlines() if line.startswith("  ravine ")]


def test_done(ravine, study):
    ended = ravine("compare", "data.csv", "-O", "sgd,adam")
    assert ended.status == 0, ended.stderr
    run = the_run()
    assert run.state == "finished"
    assert ended.stderr.splitlines()[0] == "Comparing 2 optimizers on data.csv."
    assert f"Run: {run.path}" in ended.stderr
    assert "a note on the data" in ended.stderr
    assert "adam" in ended.stdout
    assert f"Model  {run.path}/models/best" in ended.stdout
    assert f"ravine predict {run.path} data.csv -o predictions.csv" in ended.stdout
    assert read_run_file(run.path)["command"][0] == "ravine"


def test_json_is_one_document_and_nothing_else(ravine, study):
    ended = ravine("compare", "data.csv", "--json")
    assert json.loads(ended.stdout)["leaderboard"][0]["optimizer"] == "adam"
    assert ended.stdout.count("schema_version") == 1
    assert ended.stderr.startswith("Comparing")


def test_quiet_leaves_only_the_result(ravine, study):
    ended = ravine("compare", "data.csv", "-q")
    assert ended.stderr == ""
    assert "adam" in ended.stdout


def test_some_failed_runs(ravine, study):
    study.rows[1]["diverged"] = 3
    assert ravine("compare", "data.csv").status == 5


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError("Wrong flag.", "Why.", "Fix."), 2),
        (DataError("Bad data.", "Why.", "Fix."), 3),
        (NothingTrained("Every run diverged.", "Why.", "Fix."), 4),
        (RavineError("Odd.", "Why.", "Fix."), 1),
        (ZeroDivisionError("division by zero"), 1),
        (MemoryError(), 1),
        (KeyboardInterrupt(), 130),
    ],
)
@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_failures(ravine, study, error, status, flags):
    def fail(stop):
        raise error

    study.then = fail
    ended = ravine("compare", "data.csv", *flags)
    assert (ended.status, ended.stdout) == (status, "")
    assert "Traceback" not in ended.stderr
    for words in getattr(error, "args", ())[:1]:
        assert str(words).split(".")[0] in ended.stderr
    if isinstance(error, Exception):
        assert the_run().state == "failed"


@pytest.mark.parametrize(
    ("number", "says"), [(errno.ENOSPC, "No space is left"), (errno.EFBIG, "larger than files may be")]
)
def test_no_space_says_how_to_go_on_and_keeps_the_run(ravine, study, number, says):
    def full(stop):
        with os_errors_as_data_errors("cohorts/a.npz"):
            raise OSError(number, "no space")

    study.then = full
    ended = ravine("compare", "data.csv", "-o", "kept")
    assert ended.status == 3
    assert says in ended.stderr
    assert "ravine resume kept" in " ".join(ended.stderr.split())
    assert "command again" not in ended.stderr  # the folder holds a run now: that would be refused
    assert Path("kept/plan.json").exists()


@pytest.mark.parametrize("state", ["finished", "stopped"])
def test_a_refused_resume_leaves_a_run_as_it_was(ravine, study, state, monkeypatch):
    assert ravine("compare", "data.csv", "-o", "kept").status == 0
    with RunDirectory.open("kept").lock() as run:
        run.update(state=state)

    def refuse(run, **keywords):
        raise DataError("The data have changed.", "They were a, they are b.", "Put the old file back.")

    monkeypatch.setattr("ravine.execution.resume.resume", refuse)
    ended = ravine("resume", "kept")
    assert (ended.status, ended.stdout) == (3, "")
    assert "have changed" in ended.stderr
    assert read_run_file("kept")["state"] == state


@pytest.mark.parametrize("moment", ["commands", "run"])
def test_ctrl_c_while_still_importing_is_no_traceback(monkeypatch, capfd, moment):
    def interrupted(*arguments, **how):
        raise KeyboardInterrupt

    if moment == "commands":
        monkeypatch.delitem(sys.modules, "ravine.cli.app")
        plain = builtins.__import__
        monkeypatch.setattr(
            builtins,
            "__import__",
            lambda name, *how: interrupted() if name == "ravine.cli.app" else plain(name, *how),
        )
    else:
        monkeypatch.setattr("ravine.cli.app.run", interrupted)
    monkeypatch.setattr(os, "_exit", sys.exit)
    with pytest.raises(SystemExit) as ended:
        main(["runs"])
    assert ended.value.code == 130
    assert capfd.readouterr().out == ""


def test_a_traceback_only_with_v(ravine, study):
    study.then = lambda stop: {}["lost"]
    assert "again with -v" in ravine("compare", "data.csv").stderr
    assert "Traceback (most recent call last)" in ravine("compare", "data.csv", "-v").stderr


@pytest.mark.parametrize("out", [None, "named", "empty"])
def test_a_run_that_never_had_a_plan_leaves_nothing(ravine, folder, study, out):
    ravine("compare", "data.csv")
    first = the_run().path

    def fail(stop):
        run = Path(out) if out else next(each for each in Path("runs").glob("2*") if each != first)
        (run / "plan.json").unlink()
        raise DataError("There is no column 'x'.")

    (folder / "empty").mkdir()
    study.then = fail
    assert ravine("compare", "data.csv", *(["-o", out] if out else [])).status == 3
    assert the_run().path == first
    assert Path("runs/latest").resolve() == first.resolve()
    assert not (folder / "named").exists()
    assert not list((folder / "empty").iterdir())


def test_a_folder_that_is_not_empty_is_left_alone(ravine, folder, study):
    (folder / "mine").mkdir()
    (folder / "mine" / "thesis.tex").write_text("x")
    ended = ravine("compare", "data.csv", "-o", "mine")
    assert ended.status == 3
    assert [each.name for each in (folder / "mine").iterdir()] == ["thesis.tex"]
    assert not list_runs()


def test_the_configuration_saved_is_the_one_resolved(ravine, study):
    ravine("compare", "data.csv", "--seed", "7", "-t", "b", "--drop", "a", env={"RAVINE_EPOCHS": "3"})
    first = study.settings
    assert (first.seed, first.target, first.drop, first.epochs) == (7, "b", ["a"], 3.0)
    ravine("compare", "-c", the_run().path / "config.toml")
    assert study.settings == dataclasses.replace(first, source=str(Path("data.csv").resolve()))


def test_standard_input_is_kept_for_resuming(ravine, study):
    assert ravine("compare", "-", stdin="a,b\n1,2\n").status == 0
    run = the_run()
    assert "stdin" in run.path.name
    assert Path(study.settings.source) == (run.path / "stdin").resolve()
    assert (run.path / "stdin").read_text() == "a,b\n1,2\n"


def test_next_commands_survive_a_shell(ravine, folder, study):
    import tomllib

    name = "it's a; $(file).csv"
    (folder / name).write_text("a,b\n1,2\n")
    study.then = lambda stop: (next(Path("runs").glob("2*")) / "best.toml").write_text("")
    text = ravine("compare", name).stdout
    commands = commands_in(text)
    run = the_run().path
    assert commands[0] == ["ravine", "predict", str(run), name, "-o", "predictions.csv"]
    assert commands[1][:4] == ["ravine", "train", "-c", str(run / "best.toml")]
    assert commands[2] == ["ravine", "resume", str(run)]
    assert tomllib.loads((run / "config.toml").read_text())["source"] == str(Path(name).resolve())


def test_train_says_what_it_was_given_for_others(ravine, study):
    ended = ravine("train", "data.csv", "--rate", "0.1", env={"RAVINE_EFFORT": "quick"})
    assert ended.stderr.splitlines()[0] == "Training with adam at learning rate 0.1 on data.csv."
    assert "Not used by train: RAVINE_EFFORT." in ended.stderr


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGUSR1, 75)]
)
def test_one_signal_saves_and_says_how_to_go_on(ravine, study, number, status):
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)]

    def work(stop):
        threading.Timer(0.05, os.kill, (os.getpid(), number)).start()
        study.until_stopped(stop)

    study.then = work
    ended = ravine("compare", "data.csv", "--json")
    run = the_run()
    assert (ended.status, ended.stdout) == (status, "")
    assert f"ravine resume {run.path}" in ended.stderr
    assert "Stopping after this chunk" in ended.stderr
    assert run.state == "stopped"
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)] == before


SLOW = """
import sys, time
from ravine.cli.app import run
from ravine.execution import execute
from ravine.execution.study import Study

def work(study, design, context):
    print("ready", flush=True)
    if sys.argv[1] == "deaf":      # as in a compiled chunk: no bytecode runs for long
        pow(7, 10**7)
    time.sleep(60)

Study.run = work
sys.exit(run(["compare", "iris"]))
"""


@pytest.mark.parametrize("how", ["sleeping", "deaf"])
def test_a_second_ctrl_c_stops_at_once_even_inside_compiled_code(folder, how):
    import subprocess
    import sys
    import time

    Path("data.csv").write_text("a,b\n1,2\n")
    child = subprocess.Popen(
        [sys.executable, "-c", SLOW, how], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout.readline() == "ready\n"
    time.sleep(0.2)
    child.send_signal(signal.SIGINT)
    time.sleep(0.2)
    assert child.poll() is None
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=20)
    assert child.returncode == 130
    assert "Stopped at once" in errors
    assert "Traceback" not in errors
    run = the_run()
    assert run.state == "interrupted, resumable"
    assert read_run_file(run.path)["verb"] == "compare"


def test_a_command_too_wide_for_the_terminal_can_still_be_pasted(ravine, folder, study):
    where = folder / "a folder with a name that is rather long"
    ended = ravine("compare", "data.csv", "-o", where.name, "-q", env={"COLUMNS": "60"})
    shown = ended.stdout[ended.stdout.index("Predict with") :]
    assert max(map(len, shown.splitlines())) <= 60
    assert commands_in(shown)[0] == ["ravine", "predict", where.name, "data.csv", "-o", "predictions.csv"]
