import sys
import types
from functools import partial
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def curvature(module, monkeypatch):
    """The row with workers that answer at once; `started` is what they were started with, in order."""
    monkeypatch.setattr(sys, "argv", ["curvature"])
    found = module("curvature")
    found.started = []

    class Worker:
        def __init__(self, script, task, python=None, **variables):
            told = {"script": script, "task": task, "python": python, "env": variables}
            found.started.append(types.SimpleNamespace(**told))
            self.ready = {"exact": [2.0]} if task["what"] == "top" else {}
            self.seconds = {"our_curvature": 1, "peer_pyhessian": 8, "peer_curvlinops": 6}[script]
            self.seconds += (task["threads"] or 0) / 10  # the fewest threads are the fastest

        def __call__(self):
            return {"seconds": self.seconds, "network_steps": 1}

        def __enter__(self):
            return self

        def __exit__(self, *error):
            found.started.append("ended")

    monkeypatch.setattr(found, "Worker", Worker)
    monkeypatch.setattr(found, "_peers", lambda: Path("their python"))
    monkeypatch.setattr(found, "interleave", partial(found.interleave, pause=0))
    monkeypatch.setattr(found, "cores", lambda: 4)
    return found


def test_on_a_cpu_a_task_ends_before_the_next_begins(curvature):
    row = curvature.measure(False, lambda text: None)
    assert [each["peer"] for each in row["lines"]] == ["PyHessian, 1 threads", "curvlinops, 1 threads"] * 4
    assert [each["ratio"]["median"] for each in row["lines"]] == pytest.approx([8.1, 6.1] * 4)
    assert {each["ratio"]["count"] for each in row["lines"]} == {7}
    assert {"reached": True, "at_least": 5}.items() <= row["lines"][0].items()
    one = curvature.started[:10]
    assert [each.script for each in one[:5]] == [
        "our_curvature", "peer_pyhessian", "peer_pyhessian", "peer_curvlinops", "peer_curvlinops",
    ]  # fmt: skip
    assert [each.task["threads"] for each in one[:5]] == [None, 1, 4, 1, 4]
    assert {each.task["device"] for each in one[:5]} == {"cpu"}
    assert not any(each.env for each in one[:5])
    assert one[5:] == ["ended"] * 5
    assert set(row["contenders"]) == {name for name, _ in curvature.TASKS}


def test_on_a_gpu_every_side_is_there_and_ours_starts_first(curvature):
    row = curvature.measure(False, lambda text: None, device="gpu")
    assert [each["peer"] for each in row["lines"]] == ["PyHessian, on the GPU", "curvlinops, on the GPU"] * 4
    assert {(each["ratio"]["count"], each["at_least"]) for each in row["lines"]} == {(3, 5)}
    workers = curvature.started[:12]
    assert [each.script for each in workers[:4]] == ["our_curvature"] * 4
    assert sorted(each.script for each in workers[4:]) == ["peer_curvlinops"] * 4 + ["peer_pyhessian"] * 4
    assert {each.task["device"] for each in workers} == {"gpu"}
    assert {each.env["JAX_PLATFORMS"] for each in workers} == {"cuda"}
    assert {str(each.python) for each in workers[4:]} == {"their python"}
    assert len({each.task["truth"] for each in workers}) == 4  # a task's truth is its own
    assert curvature.started[12:] == ["ended"] * 12


def test_half_a_row_says_what_it_left_out(curvature, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["curvature", "--top"])
    row = curvature.measure(False, lambda text: None, device="gpu")
    assert {each.task["what"] for each in curvature.started if each != "ended"} == {"top"}
    assert len(row["lines"]) == 4
    assert row["not_measured"] == [name for name, task in curvature.TASKS if task["what"] == "spectrum"]


def test_nothing_is_installed_into_a_python_that_was_named(module, monkeypatch, tmp_path):
    curvature = module("curvature")
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "$@" >> "$0.log"\necho "no module named curvlinops" >&2\nexit 1\n')
    python.chmod(0o755)
    monkeypatch.setenv("RAVINE_PEER_PYTHON", str(python))
    with pytest.raises(curvature.PeerError, match=r"(?s)no module named curvlinops.*pyhessian==0\.1"):
        curvature._peers()
    assert "pip" not in (tmp_path / "python.log").read_text()


def test_a_setting_is_right_by_the_median_and_wrong_ones_are_left_early(module, monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS / "workers"))
    errors = {"wrong": [9, 9, 0], "never": [np.nan] * 3, "lucky": [0, 9, 9], "right": [2, 0, 1]}
    tried = []

    def error(setting, seed):
        tried.append((setting, seed))
        return errors[setting][seed]

    choose = module("workers/curvature_pass")._cheapest
    assert choose(error, ["wrong", "never", "lucky", "right"], 1) == ("right", 1)
    assert [setting for setting, _ in tried] == ["wrong"] * 2 + ["never"] * 2 + ["lucky"] * 3 + ["right"] * 3
    with pytest.raises(ValueError, match="the last is wrong by 9"):
        choose(error, ["never", "wrong"], 1)
