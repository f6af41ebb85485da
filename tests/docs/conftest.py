"""A fixture that runs a script of docs/."""

import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture
def run():
    """Run a script of docs/ with arguments and return its output; a script that fails fails the test."""

    def call(script, *arguments):
        command = [sys.executable, str(DOCS / script), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return call
