"""A command line in a folder of its own, with studies that need no JAX."""

import dataclasses
import os
import subprocess
import sys
import time
import types
from pathlib import Path

import pytest
from click.testing import CliRunner

from ravine.cli import working
from ravine.cli.app import run
from ravine.errors import Stopped
from ravine.execution.events import Event


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("RAVINE_"):
            monkeypatch.delenv(name)
    monkeypatch.delenv("COLUMNS", raising=False)
    return tmp_path


@dataclasses.dataclass
class Ended:
    status: int
    stdout: str
    stderr: str


@pytest.fixture
def ravine(folder):
    """Run one command in this process."""

    def call(*arguments, stdin=None, env=None):
        runner = CliRunner(env=env)
        with runner.isolation(input=stdin) as streams:
            status = run([str(each) for each in arguments])
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            out, err = streams[0].getvalue(), streams[1].getvalue()
        return Ended(status, out.decode(), err.decode())

    return call


@pytest.fixture
def shell(folder):
    """Run one command in a process of its own."""

    def call(*arguments, env=None, **how):
        command = [sys.executable, "-m", "ravine", *map(str, arguments)]
        how = {"capture_output": True, "timeout": 120} | how
        return subprocess.run(command, env=dict(os.environ) | (env or {}), **how)

    return call


ROWS = [
    {
        "optimizer": name, "learning_rate": 0.01 * (k + 1), "hyperparameters": {}, "schedule": "decay",
        "mean": 0.9 - 0.1 * k, "median": 0.9 - 0.1 * k, "sd": 0.01, "interval": None,
        "tuning_interval": None, "tier": k + 1, "n_seeds": 10, "diverged": 0, "steps_to_target": 10,
        "reached_target": 1.0, "at_edge": False, "values": [0.9] * 10, "sensitivity_width": 1.0,
    }
    for k, name in enumerate(["adam", "optax:lion(b1=0.9)"])
]  # fmt: skip


class Study:
    """Stands for `compare_study`: writes a plan, tells events, then does what a test asks (`then`)."""

    def __init__(self):
        self.then = lambda stop: None
        self.settings = None
        self.rows = [dict(row) for row in ROWS]

    def __call__(self, settings, *, run, notify, stop):
        self.settings = settings
        notify(Event("data", "a note on the data"))
        run.plan.write_text("{}")
        notify(Event("plan", "what will be done"))
        notify(Event("tune", "adam", 1, 4, 1, 0))
        self.then(stop)
        run.update(
            state="finished", summary={"winner": "adam", "tied": [], "metric": "accuracy", "score": 0.9}
        )
        document = {
            "schema_version": 1,
            "data": {"name": settings.source, "rows": 100, "features": 4, "task": "classify"},
            "metric": {"name": "accuracy", "greater_is_better": True},
            "plan": {"epochs": 20.0},
            "leaderboard": self.rows,
            "pairs": [],
            "run_dir": str(run.path),
            "model": str(run.models),
        }
        return types.SimpleNamespace(document=document)

    @staticmethod
    def until_stopped(stop, patience=20.0):
        """Wait as a chunk does, then stop as a seam does."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if stop() is not None:
                raise Stopped("Stopped, and saved.", status=stop())
            time.sleep(0.01)
        raise AssertionError("never stopped")


@pytest.fixture
def study(folder, monkeypatch):
    """A study in place of the real one, for compare and train."""
    from ravine.cli.app import ravine as group

    fake = Study()
    monkeypatch.setattr(working, "prepare_machine", lambda device: None)
    for verb in ("compare", "train"):
        module = sys.modules[group.commands[verb].callback.__module__]
        monkeypatch.setattr(module, "_study", lambda: fake)
    Path("data.csv").write_text("a,b\n1,2\n")
    return fake
