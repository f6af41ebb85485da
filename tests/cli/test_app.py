"""The command group: names, help, unknown commands, and what none of it imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from ravine.cli.app import COMMANDS
from ravine.cli.app import ravine as group
from ravine.execution.registry import STUDIES

SLOW = ("jax", "jaxlib", "optax", "pandas", "sklearn", "scipy", "numpy", "matplotlib")


def test_commands_are_the_studies_and_then_the_others():
    assert group.list_commands(None) == [*STUDIES, *COMMANDS]
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        assert isinstance(command, click.Command) and command.name == name


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("compair", ["There is no command 'compair'.", "Did you mean 'compare'?", "`ravine --help`"]),
        ("digits", ["There is no command 'digits'.", "It is data", "`ravine compare digits`"]),
        ("data.csv", ["It is data", "`ravine compare data.csv`"]),
        ("zzz", ["There is no command 'zzz'.", *STUDIES, *COMMANDS]),
    ],
)
def test_an_unknown_command_is_answered_with_the_nearest(ravine, word, says):
    Path("data.csv").write_text("a,b\n1,2\n")
    ended = ravine(word)
    assert (ended.status, ended.stdout) == (2, "")
    assert all(part in ended.stderr for part in says)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--help"], 0),
        (["--version"], 0),
        ([], 0),
        (["train", "--help"], 0),
        (["compair"], 2),
        (["compare"], 2),
        (["train", "digits", "--rate", "fast"], 2),
        (["train", "digits", "--rat", "1"], 2),
        (["compare", "digits", "--effort", "huge"], 2),
        (["compare", "digits", "-c", "missing.toml"], 2),
        (["compare", "digits", "-O", "adm"], 2),
        (["compare", "digits", "--bogus"], 2),
        (["resume"], 3),
        (["resume", "nothing"], 3),
        (["predict", "nothing", "x.csv"], 3),
        (["runs"], 0),
        (["runs", "--json"], 0),
    ],
)
def test_help_and_mistakes_import_nothing_slow(folder, arguments, status):
    code = (
        "import sys\nfrom ravine.cli.app import run\nstatus = run(sys.argv[1:])\n"
        f"print(status, [name for name in {SLOW} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == f"{status} []"
