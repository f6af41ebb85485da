"""Errors as sentences on standard error, and the exit status of each."""

import click
import pytest

from ravine.cli.console import Console
from ravine.cli.exit_status import failure
from ravine.errors import DataError, NothingTrained, RavineError, Stopped, UsageError


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
    assert failure(error, Console()) == status
    shown = capsys.readouterr()
    assert (shown.out, shown.err.splitlines()) == ("", lines)


def test_a_message_on_the_command_line_names_flags(capsys):
    failure(UsageError("--early-stop 5 is odd.", option="early_stop", value=5), Console())
    assert "--early-stop 5 is odd." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flag", "says"),
    [
        ("--optimisers", "Did you mean '--optimizers'"),
        ("--plot", "It was renamed to --plot-schedule."),
        ("--lr", "Did you mean '--rate'?"),
    ],
)
def test_a_wrong_flag_gets_its_neighbor_or_its_new_name(ravine, flag, says):
    verb = "compare" if flag == "--optimisers" else "train"
    ended = ravine(verb, "digits", flag, "1")
    assert (ended.status, ended.stdout) == (2, "")
    assert says in ended.stderr and f"`ravine {verb} --help`" in ended.stderr


def test_an_internal_error_asks_for_a_report_and_shows_the_traceback_with_v(capsys):
    console = Console()
    try:
        raise ValueError("first line\nsecond line")
    except ValueError as error:
        assert failure(error, console) == 1
        brief = capsys.readouterr().err
        console.configure(json=False, quiet=False, verbose=True)
        assert failure(error, console) == 1
        long = capsys.readouterr().err
    assert "ValueError: first line" in brief and "second line" not in brief and "with -v" in brief
    assert "Traceback (most recent call last)" in long and "with -v" not in long
