"""Every example in the help of a command runs: studies with --dry-run, other commands as they stand."""

import os
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from click import Context

from ravine.cli.app import COMMANDS, run
from ravine.cli.app import ravine as group
from ravine.execution.registry import STUDIES, find_study

CLASSES = ("titanic.csv", "Survived", lambda x: (x[:, 0] > 0).astype(int))
NUMBERS = lambda x: x[:, 0] + x[:, 1]  # noqa: E731
FILES = [
    CLASSES,
    ("new.csv", "Survived", CLASSES[2]),
    ("train.csv", "price", NUMBERS),
    ("test.csv", "price", NUMBERS),
    ("housing.csv", "price", NUMBERS),
]
RUN = "runs/20260105-093000-titanic-4f0c2a91"  # as examples name one


def write_files(folder):
    draws = np.random.default_rng(0)
    for name, target, of in FILES:
        x = draws.normal(size=(80, 3))
        rows = [f"{a:.4f},{b:.4f},{c:.4f},{y:.4g}" for (a, b, c), y in zip(x, of(x), strict=True)]
        (folder / name).write_text("\n".join([f"age,fare,class,{target}", *rows]) + "\n")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with the data that examples name, one finished run, and its model."""
    folder = tmp_path_factory.mktemp("examples")
    write_files(folder)
    before = Path.cwd()
    os.chdir(folder)
    try:
        assert run(["train", "titanic.csv", "-t", "Survived", "--net", "4", "--epochs", "1", "-q"]) == 0
    finally:
        os.chdir(before)
    latest = (folder / "runs" / "latest").resolve()
    shutil.copy(latest / "config.toml", latest / "best.toml")  # compare and sweep write one
    shutil.copytree(latest, folder / RUN)
    shutil.copytree(latest, folder / "elsewhere" / "first")
    shutil.copytree(latest / "models" / "best", folder / "models" / "best")
    return folder


@pytest.fixture
def here(trained, ravine, tmp_path):
    """The command line in a copy of that folder."""
    shutil.copytree(trained, tmp_path, symlinks=True, dirs_exist_ok=True)
    return ravine


EXAMPLES = [
    *(text for name in STUDIES for text in find_study(name).examples),
    *(text for name in COMMANDS for text in group.get_command(Context(group), name).examples),
]


def test_the_commands_after_a_training_run(here):
    """Each is typed as it is printed; studies with --dry-run."""
    lines = here("resume", "-q").stdout.splitlines()
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("  ravine ")]
    assert [words[0] for words in commands] == ["predict", "compare", "resume"]
    for words in commands:
        ended = here(*words, *["--dry-run"] * (words[0] in STUDIES))
        assert ended.status == 0, ended.stderr


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_runs(here, text):
    piped, _, command = text.rpartition(" | ")
    stdin = Path(piped.removeprefix("cat ")).read_text() if piped else None
    program, name, *words = shlex.split(command)
    assert program == "ravine"
    if name in STUDIES:
        words.append("--dry-run")
    if "--all" in words:  # all claims take a minute, and a test of their own runs them
        words[words.index("--all")] = "A1"
    ended = here(name, *words, stdin=stdin)
    assert ended.status == 0, ended.stderr
    if name == "predict" and "-o" in words:
        assert Path(words[words.index("-o") + 1]).exists()
    else:
        assert ended.stdout.strip()
