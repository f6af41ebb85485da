"""The command group: names, help, unknown commands, and what none of it imports."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from ravine.cli.app import COMMANDS, run
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
        ("digits", ["'digits' is data, not a command.", "`ravine compare digits`"]),
        ("data.csv", ["'data.csv' is data, not a command.", "`ravine compare data.csv`"]),
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
        (["train", "digits", "--learning-rate", "fast"], 2),
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


VERBS = tuple(group.list_commands(None))
HEAVY = ("jax", "jaxlib", "optax", "sklearn", "pandas", "numpy", "scipy")


def test_bare_command_shows_help(ravine):
    ended = ravine()
    assert ended.status == 0
    assert all(verb in ended.stdout for verb in VERBS)
    assert {"compare", "train", "diagnose", "sweep", "lecture", "landscape"} < set(VERBS)


def test_version(ravine):
    from ravine import __version__

    assert ravine("--version").stdout == f"ravine {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["compair", "digits"], 2, "'compare'"),
        (["digits"], 2, "ravine compare digits"),
        (["--jason"], 2, "There is no option '--jason'"),
        (["compare", "digits", "--tagret", "x"], 2, "'--target'"),
        (["train", "digits", "--batch_size", "8"], 2, "Did you mean '--batch-size'?"),
        (["landscape", "digits", "--min-change", "0.1"], 2, "--min-change cannot be used"),
        (["train", "digits", "--lr", "0.1"], 2, "Did you mean '--learning-rate'?"),
        (["train", "digits", "--learningrate", "0.1"], 2, "Did you mean '--learning-rate'?"),
        (["compare", "digits", "--optim", "sgd"], 2, "Did you mean '--optimizers'?"),
        (["train", "digits", "--hidden_layer_sizes", "8"], 2, "Did you mean '--net'?"),
        (["sweep", "digits", "--vary", "lr=0.1,0.2"], 2, "Did you mean 'learning_rate'?"),
        (["compare", "digits", "-Z"], 2, "There is no option '-Z'"),
        (["compare", "digits", "--seed"], 2, "--seed has no value"),
        (["compare", "a", "b"], 2, "'b' is one word too many"),
        (["compare"], 2, "ravine compare digits"),
        (["compare", ""], 2, "No data was named"),
        (["predict"], 2, "MODEL"),
        (["predict", "latest"], 2, "DATA"),
        (["compare", "digits", "-q", "-v"], 2, "cannot be used together"),
        (["compare", "digits", "--effort", "quik"], 2, "'quick'"),
        (["compare", "digits", "--effort", "quick", "--budget", "60s"], 2, "contradict"),
        (["compare", "digits", "--seed", "one"], 2, "whole number"),
        (["compare", "digits", "--validation", "nan"], 2, "validation"),
        (["compare", "digits", "-O", ","], 2, "empty"),
        (["compare", "digits", "-O", "adm"], 2, "'adam'"),
        (["compare", "digits", "--metric", "acuracy"], 2, "'accuracy'"),
        (["compare", "digits", "--net", "a-b"], 2, "the unknown word 'a-b'"),
        (["compare", "digits", "--budget", "soon"], 2, "not a time budget"),
        (["compare", "digits", "--device", "tpu"], 2, "one of cpu, gpu"),
        (["compare", "digits", "-o", ""], 2, "--out DIR"),
        (["compare", "digits", "-c", "none.toml"], 2, "none.toml"),
        (["train", "digits", "--learning-rate", "-1"], 2, "rate"),
        (["train", "digits", "--optimizer", "admm"], 2, "'adam'"),
        (["compare", "nosuch.csv"], 3, "nosuch.csv"),
        (["runs", "nofolder"], 3, "nofolder"),
        (["resume", "nothing"], 3, "nothing"),
        (["predict", "nothing", "digits"], 3, "nothing"),
    ],
)
def test_mistakes_get_a_sentence_and_a_status(ravine, folder, arguments, status, words):
    ended = ravine(*arguments)
    assert ended.status == status
    assert ended.stdout == ""
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
    assert re.search(r"^ravine: ", ended.stderr, re.M)
    assert not (folder / "runs").exists()


def test_a_mistyped_file_gets_its_neighbour(ravine, folder):
    (folder / "titanic.csv").write_text("a,b\n")
    assert "titanic.csv" in ravine("compare", "titanik.csv").stderr.splitlines()[-1]


def test_the_first_line_comes_before_anything_heavy(folder):
    """Stop at the first heavy import: the line must be out by then, and the run directory must be there."""
    code = (
        "import sys, pathlib\n"
        "class Gate:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name in {HEAVY}:\n"
        "            raise SystemExit(sum(1 for _ in pathlib.Path('runs').glob('*/config.toml')) + 40)\n"
        "sys.meta_path.insert(0, Gate())\n"
        "from ravine.cli import main\nmain(['compare', 'data.csv'])"
    )
    (folder / "data.csv").write_text("a,b\n1,2\n")
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.stderr.startswith("Comparing 8 optimizers on data.csv.\n")
    assert ended.returncode in (41, 42)  # `latest` may be seen too


def test_the_old_spelling_of_a_command_still_works_and_is_not_listed(ravine, folder):
    assert ravine("memorise", "diabetes").stderr == ravine("memorize", "diabetes").stderr
    assert "memorise" not in ravine("--help").stdout


def test_a_clock_that_python_cannot_read_is_refused(monkeypatch, capsys):
    def overflow():
        raise OverflowError("timestamp too large to convert to C _PyTime_t")

    monkeypatch.setattr("ravine.cli.app.time.time", overflow)
    assert run(["compare", "digits"]) == 2
    assert "Set the clock of the machine." in capsys.readouterr().err
