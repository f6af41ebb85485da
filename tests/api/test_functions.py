"""The generated functions: up to date, complete, and typed."""

from __future__ import annotations

import importlib.util
import inspect
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import ravine
from ravine.execution.registry import STUDIES, find_study
from ravine.options.fields import options_of

ROOT = Path(__file__).resolve().parents[2]
ARGUMENTS = {"X", "y", "target", "weights", "groups", "test", "out", "notify", "progress"}


def load_script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_file_is_what_the_script_writes():
    script = load_script("generate_api")
    assert script.FILE.read_text() == script.source(), "Run python scripts/generate_api.py."


@pytest.mark.parametrize("name", STUDIES)
def test_every_option_is_a_keyword_with_its_default_and_a_text(name):
    function = getattr(ravine, name)
    parameters = inspect.signature(function).parameters
    options = {
        key: option for key, option in options_of(find_study(name).settings).items() if key != "source"
    }
    assert set(parameters) == ARGUMENTS | set(options)
    for key, option in options.items():
        expected = None if option.many or key in ARGUMENTS else option.default
        assert parameters[key].default == expected
        assert key in ARGUMENTS or f"    {key}: {option.help.split()[0]}" in function.__doc__


@pytest.mark.parametrize("name", STUDIES)
def test_the_result_is_the_type_that_is_promised(name):
    returned = inspect.signature(getattr(ravine, name)).return_annotation
    assert returned == find_study(name).result_type.__name__
    assert returned in ravine.__all__


def test_an_unknown_keyword_is_refused_by_python():
    with pytest.raises(TypeError, match="learning_speed"):
        ravine.train([[1.0]], [1], learning_speed=3)


@pytest.mark.slow
def test_a_type_checker_rejects_an_unknown_keyword(tmp_path):
    """Lines marked `wrong` are the errors that mypy finds, and no others."""
    code = Path(__file__).with_name("typed_calls.py")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), "--warn-unused-ignores",
         "--cache-dir", str(tmp_path), str(code)],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    lines = code.read_text().splitlines()
    wrong = {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}
    found = {int(line.split(":")[1]) for line in done.stdout.splitlines() if "typed_calls.py" in line}
    assert wrong and found == wrong, done.stdout


def test_hints_can_be_resolved():
    for name in STUDIES:
        assert typing.get_type_hints(find_study(name).settings)
