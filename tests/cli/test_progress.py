"""The display of a command: a bar on a terminal, plain lines elsewhere, nothing if the command is quiet."""

import pytest

from ravine.cli.console import Console
from ravine.cli.progress import progress_display
from ravine.execution.events import Noted
from ravine.execution.progress import Bar, Lines


@pytest.mark.parametrize(
    ("terminal", "kind", "quiet", "shown"),
    [
        (True, "xterm", False, Bar),
        (True, "xterm", True, Lines),
        (True, "dumb", False, Lines),
        (False, "xterm", False, Lines),
    ],
)
def test_the_display_suits_standard_error(monkeypatch, capsys, terminal, kind, quiet, shown):
    monkeypatch.setenv("TERM", kind)
    monkeypatch.setattr("ravine.cli.progress.is_terminal", lambda stream: terminal)
    console = Console()
    console.configure(json=False, quiet=quiet, verbose=False)
    with progress_display(console) as display:
        assert type(display) is shown


@pytest.mark.parametrize(("quiet", "written"), [(False, "2 rows are equal\n"), (True, "")])
def test_a_quiet_command_shows_no_messages(capsys, quiet, written):
    console = Console()
    console.configure(json=False, quiet=quiet, verbose=False)
    with progress_display(console) as display:
        display.show_event(Noted("2 rows are equal"))
    assert capsys.readouterr() == ("", written)
