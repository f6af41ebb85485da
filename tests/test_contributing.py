"""The diffs of CONTRIBUTING.md apply to the package, and the commands below each use what it adds."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NAMES = {
    "an optimizer": "signsgd",
    "an activation": "swish",
    "a metric": "brier",
    "a schedule": "restarts",
    "a file format": "iris.jsonl",
    "a study": "chance",
    "a verdict and its remedy": "spikes",
    "a claim of the lecture": "N5",
}
"""Title of every extension -> a name that each of its `ravine` commands has to print."""


@dataclass(frozen=True)
class Extension:
    title: str
    diffs: list[str]
    commands: list[str]

    @property
    def modules(self) -> list[str]:
        """Modules that the diffs change or add."""
        files = re.findall(r"^\+\+\+ b/src/(\S+)\.py$", "\n".join(self.diffs), re.MULTILINE)
        return [file.removesuffix("/__init__").replace("/", ".") for file in files]


def read_extensions() -> list[Extension]:
    sections = re.split(r"^### Add ", (ROOT / "CONTRIBUTING.md").read_text(), flags=re.MULTILINE)[1:]
    return [
        Extension(
            section.partition("\n")[0],
            re.findall(r"^```diff\n(.*?)^```$", section, re.MULTILINE | re.DOTALL),
            re.findall(r"^\$ (.*)$", section, re.MULTILINE),
        )
        for section in sections
    ]


EXTENSIONS = read_extensions()


@pytest.fixture
def copy(tmp_path):
    """Return a folder with a copy of the package in `src`."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def apply(diff: str, folder: Path) -> None:
    # Inside a checkout git would skip files outside of its own tree, so it must not find one.
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    done = subprocess.run(
        ["git", "apply", "-"], input=diff, cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{done.stderr}\n{diff}"


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Python with the copy of the package, in a folder of its own."""
    work = folder / "work"
    work.mkdir(exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "COLUMNS": "100"}
    return subprocess.run(
        [sys.executable, *command], cwd=work, env=environment, capture_output=True, text=True
    )


def test_every_extension_is_tested():
    assert [extension.title for extension in EXTENSIONS] == list(NAMES)
    assert all(extension.diffs and extension.commands for extension in EXTENSIONS)


def test_all_diffs_apply_to_one_copy_and_their_modules_import(copy):
    for extension in EXTENSIONS:
        for diff in extension.diffs:
            apply(diff, copy)
    modules = [module for extension in EXTENSIONS for module in extension.modules]
    code = "import importlib, sys, ravine; [importlib.import_module(name) for name in sys.argv[1:]]; "
    done = run(["-c", code + "print(ravine.__file__)", *modules], copy)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(copy)


@pytest.mark.slow
@pytest.mark.parametrize("extension", EXTENSIONS, ids=lambda extension: extension.title)
def test_the_commands_of_an_extension_use_it(extension, copy):
    for diff in extension.diffs:
        apply(diff, copy)
    for command in extension.commands:
        program, *arguments = shlex.split(command)
        done = run(["-m", "ravine", *arguments] if program == "ravine" else arguments, copy)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        if program == "ravine":
            assert NAMES[extension.title] in done.stdout, f"{command}\n{done.stdout}"


@pytest.mark.slow
@pytest.mark.parametrize("extension", EXTENSIONS, ids=lambda extension: extension.title)
def test_the_last_command_does_not_print_the_name_without_the_extension(extension, copy):
    program, *arguments = shlex.split(extension.commands[-1])
    assert program == "ravine"
    done = run(["-m", "ravine", *arguments], copy)
    assert NAMES[extension.title] not in done.stdout
    assert "Traceback" not in done.stderr
