"""Signals ask for a stop while a study runs, and are what they were before and after."""

import builtins
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ravine.cli import main
from ravine.cli.signals import stop_on_signals
from ravine.records.run_file import read_run_file
from ravine.records.run_index import list_runs


def until(condition, patience=10.0):
    end = time.monotonic() + patience
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    assert condition()


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGUSR1, 75)]
)
def test_a_signal_sets_the_status_and_is_announced_once(number, status):
    before = signal.getsignal(number)
    announced = []
    with stop_on_signals(announced.append) as stop:
        assert stop() is None
        os.kill(os.getpid(), number)
        until(lambda: stop() is not None)
        assert stop() == status
    assert len(announced) == 1 and "Stopping after the current training steps" in announced[0]
    assert signal.getsignal(number) == before


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGXCPU])
def test_a_closed_terminal_and_a_limit_on_time_stop_a_study_too(number):
    with stop_on_signals(lambda line: None) as stop:
        os.kill(os.getpid(), number)
        until(lambda: stop() is not None)
        assert stop() == 128 + number


def test_a_signal_that_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as below nohup
    try:
        with stop_on_signals(lambda line: None) as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            time.sleep(0.05)
            assert stop() is None
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


ENDING = """
import os, sys
from ravine.cli.signals import end_by_signal, stop_without_study
number = int(sys.argv[2])
if sys.argv[1] == "after saving":
    end_by_signal(128 + number)
else:
    with stop_without_study():
        os.kill(os.getpid(), number)
        sum(range(10**6))
sys.exit(7)
"""


@pytest.mark.parametrize(
    ("how", "number", "status"),
    [
        ("after saving", signal.SIGHUP, -signal.SIGHUP),
        ("after saving", signal.SIGXCPU, -signal.SIGXCPU),
        ("after saving", signal.SIGTERM, 7),
        ("before a study", signal.SIGTERM, 143),
        ("before a study", signal.SIGUSR1, 75),
        ("before a study", signal.SIGHUP, -signal.SIGHUP),
    ],
)
def test_the_end_of_the_process_tells_the_signal(how, number, status):
    done = subprocess.run(
        [sys.executable, "-c", ENDING, how, str(int(number))], capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (status, b"")


STOPPED = """
import atexit, os, signal, sys
from ravine.cli import app, main
atexit.register(os.kill, os.getpid(), signal.SIGTERM)
status = int(sys.argv[1])
app.run = lambda arguments: print("all of the result") or status
main()
"""


@pytest.mark.parametrize("status", [0, 3, 5, 130, 143, 75])
def test_a_signal_after_the_end_of_the_study_does_not_change_the_status(status):
    done = subprocess.run([sys.executable, "-c", STOPPED, str(status)], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (status, b"all of the result\n", b"")


def test_the_first_signal_decides_the_status():
    with stop_on_signals(lambda line: None) as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        until(lambda: stop() is not None)
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(0.05)
        assert stop() == 143


def test_outside_the_main_thread_nothing_stops():
    found = []

    def work():
        with stop_on_signals(found.append) as stop:
            found.append(stop())

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [None] and signal.getsignal(signal.SIGINT) == before


def the_run(root="runs"):
    (found,) = list_runs(root)
    return found


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
    assert "Stopping after the current training steps" in ended.stderr
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


@pytest.mark.slow
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
    assert read_run_file(run.path).verb == "compare"
