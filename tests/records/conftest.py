"""What tests of runs share: a folder of their own to work in, a record, a way to make a run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ravine.records.record import Record, Status
from ravine.records.run_directory import RunDirectory


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty folder, worked in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def record() -> Record:
    """Two runs: one finished, one diverged."""
    return Record(
        {"rate": [0.1, 1.0]}, {"loss": [[1.0, 0.5], [1.0, np.nan]]}, [Status.FINISHED, Status.DIVERGED]
    )


@pytest.fixture
def make() -> Callable[..., RunDirectory]:
    """Make a run on data of some name."""

    def made(name="digits", **fields) -> RunDirectory:
        return RunDirectory.create(name=name, command=["ravine", "compare", name], seed=0, **fields)

    return made


@pytest.fixture
def child() -> Callable[..., subprocess.Popen]:
    """Start Python code in another process."""

    def started(code: str, *args: str) -> subprocess.Popen:
        return subprocess.Popen([sys.executable, "-c", code, *args], stdout=subprocess.PIPE, text=True)

    return started
