"""Errors as sentences on standard error, and the exit status of each."""

import errno
import subprocess
import sys
from pathlib import Path

import click
import pytest

from ravine.cli.console import Console
from ravine.cli.exit_status import report
from ravine.errors import DataError, NothingTrained, RavineError, Stopped, UsageError
from ravine.records.os_errors import os_errors_as_data_errors
from ravine.records.run_index import list_runs


@pytest.mark.parametrize(
    ("error", "status", "lines"),
    [
        (UsageError("Wrong.", "Why.", "Fix."), 2, ["ravine: Wrong.", "  Why.", "  Fix."]),
        (DataError("Bad data.", "", "Fix."), 3, ["ravine: Bad data.", "  Fix."]),
        (DataError("Bad data.", "One.\nTwo.", ""), 3, ["ravine: Bad data.", "  One.", "  Two."]),
        (NothingTrained("All diverged."), 4, ["ravine: All diverged."]),
        (Stopped("Stopped.", status=143), 143, ["ravine: Stopped."]),
        (RavineError("Odd."), 1, ["ravine: Odd."]),
        (KeyboardInterrupt(), 130, ["ravine: Stopped."]),
        (click.Abort(), 130, ["ravine: Stopped."]),
    ],
)
def test_an_error_is_its_parts_and_a_status(capsys, error, status, lines):
    assert report(error, Console()) == status
    shown = capsys.readouterr()
    assert (shown.out, shown.err.splitlines()) == ("", lines)


def test_a_message_on_the_command_line_names_flags(capsys):
    report(UsageError("--early-stop 5 is odd.", option="early_stop", value=5), Console())
    assert "--early-stop 5 is odd." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flag", "says"),
    [
        ("--optimisers", "Did you mean '--optimizers'"),
        ("--plot", "It was renamed to --plot-schedule."),
        ("--lr", "Did you mean '--learning-rate'?"),
    ],
)
def test_a_wrong_flag_gets_its_neighbor_or_its_new_name(ravine, flag, says):
    verb = "compare" if flag == "--optimisers" else "train"
    ended = ravine(verb, "digits", flag, "1")
    assert (ended.status, ended.stdout) == (2, "")
    assert says in ended.stderr and f"`ravine {verb} --help-all`" in ended.stderr


def test_an_internal_error_asks_for_a_report_and_shows_the_traceback_with_v(capsys):
    console = Console()
    try:
        raise ValueError("first line\nsecond line")
    except ValueError as error:
        assert report(error, console) == 1
        brief = capsys.readouterr().err
        console.configure(json=False, quiet=False, verbose=True)
        assert report(error, console) == 1
        long = capsys.readouterr().err
    assert "ValueError: first line" in brief and "second line" not in brief and "with -v" in brief
    assert "Traceback (most recent call last)" in long and "with -v" not in long


def the_run(root="runs"):
    (found,) = list_runs(root)
    return found


def test_a_diverged_optimizer_is_a_result(ravine, study):
    study.rows[1]["diverged"] = 3
    assert ravine("compare", "data.csv").status == 0


def test_a_seed_without_a_network(ravine, study):
    study.diverged = 1
    assert ravine("train", "data.csv").status == 5


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
    ("number", "says"), [(errno.ENOSPC, "No space is left"), (errno.EFBIG, "larger than a file may be")]
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


def test_a_traceback_only_with_v(ravine, study):
    study.then = lambda stop: {}["lost"]
    assert "again with -v" in ravine("compare", "data.csv").stderr
    assert "Traceback (most recent call last)" in ravine("compare", "data.csv", "-v").stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full device")
@pytest.mark.parametrize("word", ["--help", "--version"])
def test_a_full_output_is_no_internal_error(word):
    words = [sys.executable, "-m", "ravine", word]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 3 and done.stderr.startswith("ravine: No space is left for the output.")
