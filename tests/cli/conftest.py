"""A command line in a folder of its own, with studies that need no JAX."""

import dataclasses
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from ravine.cli.app import run
from ravine.data import from_arrays
from ravine.errors import Stopped
from ravine.execution.events import ChunkDone
from ravine.execution.study import Study
from ravine.records.run_directory import RunDirectory


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


SUMMARY = {"sd": 0.01, "interval": None, "n_seeds": 10, "diverged": 0, "values": [0.9] * 10}
CURVE = {key: [0.1] for key in ("learning_rate", "score", "lower", "upper", "diverged")}
ROWS = [
    {
        "optimizer": name, "learning_rate": 0.01 * (k + 1), "hyperparameters": {}, "schedule": "decay",
        "mean": 0.9 - 0.1 * k, "median": 0.9 - 0.1 * k, **SUMMARY, "tuning_interval": None, "tier": k + 1,
        "reached_target": 1.0, "steps_to_target": 10, "seconds_to_target": None, "at_edge": False,
        "sensitivity": CURVE, "sensitivity_width": 1.0,
    }
    for k, name in enumerate(["adam", "optax:lion(b1=0.9)"])
]  # fmt: skip
DATA = {
    "name": "data.csv", "sha256": "0" * 64, "rows": 100, "features": 4, "task": "classify", "target": "b",
    "classes": ["1", "2"], "notes": [],
}  # fmt: skip
SHARED = {
    "schema_version": 2,
    "data": DATA,
    "split": {"train": 64, "validation": 16, "test": 20},
    "metric": {"name": "accuracy", "greater_is_better": True},
    "seconds": {"total": 1.0, "compile": 0.5, "train": 0.25},
}
RESULTS = {
    "compare": {
        "plan": {
            "effort": "quick", "tuning_scope": "learning-rate", "runs": 20, "network_steps": 200,
            "steps": 10, "epochs": 20.0,
            "batch_size": 16, "network": "4-2", "training_options": {}, "cohorts": 2, "extended_ends": [],
        },
        "pairs": [], "schedules": [],
        "test": {"optimizer": "adam", "model": 0.9, "mean": 0.9, "median": 0.9, **SUMMARY},
        "recommendation": {
            "optimizer": "adam", "learning_rate": 0.01, "hyperparameters": {}, "schedule": "decay",
            "tied": [], "reason": "best", "failing": [],
        },
        "advice": {"action": "longer", "reason": "the loss still fell", "settings": {"epochs": 100.0}},
    },
    "train": {
        "plan": {
            "runs": 1, "network_steps": 10, "steps": 10, "epochs": 20.0, "batch_size": 16, "network": "4-2",
            "parameters": 10, "layers": [], "rates": None, "training_options": {},
            "seeds": [2000], "winner_of": None,
        },
        "result": {
            "optimizer": "adam", "learning_rate": 0.1, "schedule": "decay", "mean": 0.9, "median": 0.9,
            **SUMMARY, "epochs": None,
        },
        "test": {"model": 0.9, "mean": 0.9, "median": 0.9, **SUMMARY},
        "curves": {"seed": [1], "step": [10], "train_loss": [0.1], "valid_loss": [0.2], "score": [0.9]},
        "schedules": [],
    },
}  # fmt: skip


@dataclasses.dataclass
class FakeDesign:
    """A design that plans nothing."""

    settings: object
    network_steps: int = 4
    estimated_seconds: float = 1.0
    notes: tuple[str, ...] = ()

    def line(self):
        return "what will be done"

    def plan_document(self):
        return {}


class FakeStudy:
    """Stands for the work of compare and train: tells events, does `then`, returns a result with `rows`."""

    def __init__(self):
        self.then = lambda stop: None
        self.settings = None
        self.rows = [dict(row) for row in ROWS]
        self.diverged = 0  # seeds of train without a network

    def load_data(self, study, settings):
        self.settings = settings
        dataset = from_arrays(np.eye(8)[:, :2], np.arange(8) % 2, name="data.csv")
        return dataclasses.replace(dataset, notes=["a note on the data"])

    def design(self, study, settings, dataset, devices):
        return FakeDesign(settings)

    def run(self, study, design, context):
        context.notify(ChunkDone("tune", "adam", 1, 4, 1, 0))
        self.then(context.runner.should_stop)
        known = RESULTS[study.name] | ({"leaderboard": self.rows} if study.name == "compare" else {})
        if "result" in known:
            known = known | {"result": known["result"] | {"diverged": self.diverged}}
        document = {
            "study": study.name, "source": design.settings.source, "run_dir": context.run_dir,
            "model_dir": context.model_dir, **SHARED, **known,
        }  # fmt: skip
        return study.result_type.from_dict(document)

    @staticmethod
    def until_stopped(stop, patience=20.0):
        """Wait as a chunk does, then stop as a cohort does after a chunk."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if stop() is not None:
                raise Stopped("Stopped, and saved.", status=stop())
            time.sleep(0.01)
        raise AssertionError("never stopped")


@pytest.fixture
def study(folder, monkeypatch):
    """Work that takes no time, in place of that of compare and train."""
    fake = FakeStudy()
    monkeypatch.setattr(Study, "load_data", lambda *given: fake.load_data(*given))
    monkeypatch.setattr(Study, "design", lambda *given: fake.design(*given))
    monkeypatch.setattr(Study, "run", lambda *given: fake.run(*given))
    Path("data.csv").write_text("a,b\n1,2\n")
    return fake


@pytest.fixture
def some_runs(folder):
    for data in ("digits", "Ärger-größer-als-erwartet-und-sehr-lang"):
        with RunDirectory.create("runs", data, verb="compare", command=["ravine"]) as run:
            run.update(state="finished", summary="adam and 1 tied, accuracy 0.98")
    with RunDirectory.create("runs", "iris", verb="train", command=["ravine"]) as run:
        run.update(state="failed", summary="Every run diverged.")
    return folder
