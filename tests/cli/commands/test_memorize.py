"""`ravine memorize`: what it says and refuses before anything is trained."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("verb", ["memorize", "descent"])
def test_help_needs_no_jax(ravine, verb):
    assert "DATA" in ravine(verb, "--help").stdout
    code = (
        "import sys\nfrom ravine.cli.app import run\n"
        f"run(['{verb}', '--help'])\nassert 'jax' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_numbers_are_refused_and_nothing_is_left(ravine):
    ended = ravine("memorize", "diabetes")
    assert ended.status == 2
    assert "the target is a number" in ended.stderr and "Name a target of classes" in ended.stderr
    assert not Path("runs").exists()


def test_efforts_are_two(ravine):
    ended = ravine("memorize", "digits", "--effort", "thorough")
    assert ended.status == 2 and "quick" in ended.stderr
