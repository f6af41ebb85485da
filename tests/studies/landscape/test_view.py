"""The view of a landscape: words and numbers at every width."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ravine.execution.result_parts import DataFacts
from ravine.render.cells import display_width
from ravine.render.text import text
from ravine.studies.landscape.result import (
    LandscapePlan,
    LandscapePlanFacts,
    PlannedOptimizer,
    PlannedTraining,
)
from ravine.studies.landscape.view import next_steps, plan_view, view


@pytest.fixture
def plan(example):
    return LandscapePlan(
        study="landscape",
        data=example.data,
        model=None,
        estimated_seconds=65.2,
        plan=LandscapePlanFacts(
            network="4-8-2 relu", parameters=58, rows=1000,
            training=PlannedTraining(
                optimizers=[
                    PlannedOptimizer(optimizer="sgd", learning_rate=0.1, runs=3),
                    PlannedOptimizer(optimizer="optax:lion(b1=0.8)", learning_rate=3e-5, runs=1),
                ],
                schedule="constant", steps=1200, epochs=38.4, batch_size=32, training_options={"l2": 0.01},
                runs=4,
                network_steps=4800,
            ),
            slices=["random 1", "sharpest"], planes=["random", "solutions"], points=[51, 51], barriers=3,
        ),
    )  # fmt: skip


@pytest.mark.parametrize("width", [40, 60, 100, 200])
@pytest.mark.parametrize("unicode", [True, False])
def test_no_line_is_wider_than_the_terminal(width, unicode, example, changed, plan):
    for blocks in (view(example), view(changed(center={"current_learning_rate": 1e-6})), plan_view(plan)):
        shown = text(blocks, width, unicode=unicode)
        assert max(map(display_width, shown.splitlines())) <= width
        assert unicode or shown.isascii()
        assert "\x1b" not in shown


def test_every_measurement_is_shown(example):
    shown = text(view(example), 100)
    for words in (
        "18 ± 0.5", "20 = 2 / eta", "0.9 ± 0.03: stable", "95.0 % of their variance", "diverged",
        "0.5 ± 0.001", "Not aligned: Branches.", "Not drawn: solutions. There is 1.",
        "1 of 2 starts diverged.",
        "4-8-2 relu, 58 parameters, 1,200 steps", "0.001 nats on 1,000 rows (by chance 0.693)",
    ):  # fmt: skip
        assert words in shown


def test_the_name_and_the_curvature_stay_where_there_is_no_room(example):
    shown = text(view(example), 40)
    assert "curvature" in shown and "eigenvector 2" in shown and "limit there" not in shown
    assert "limit there" in text(view(example), 100)


@pytest.mark.parametrize(
    ("sharpness", "words"),
    [
        ({"stable": None}, "at the edge"),
        ({"stable": False}, "steps grow"),
        ({"converged": False}, "lower bound"),
        ({"limit": None, "reason": "No rule."}, "not known. No rule."),
        ({"ratio": None, "preconditioned": True, "reason": "No state."}, "not known. No state."),
        ({"preconditioned": True, "measured": 7.5}, "0.9 ± 0.03 (top eigenvalue 7.5): stable"),
    ],
)
def test_the_verdict_on_sharpness(sharpness, words, changed):
    assert words in text(view(changed(sharpness=sharpness)), 100)


def test_a_limit_is_that_of_the_last_step_and_not_compared_where_the_rate_has_decayed(example, changed):
    assert "20 = 2 / eta at the last step's learning rate 0.1" in text(view(example), 100)
    for share, compared in ((0.02, True), (1e-4, False)):
        rate = 0.1 * share
        shown = text(
            view(changed(center={"current_learning_rate": rate}, sharpness={"limit": 2 / rate})), 200
        )
        assert f"at the last step's learning rate {rate:.3g}" in shown
        assert (": stable" in shown, "limit there" in shown) == (compared, compared)
        assert ("the schedule has decayed the learning rate (0.1) to almost 0" in shown) != compared


def test_names_from_files_cannot_command_a_terminal(changed):
    odd = DataFacts(
        name="a\x1b[2Jb", sha256="0", rows=1, features=1, task="classify", target="y", classes=None, notes=[]
    )
    assert "\x1b" not in text(view(changed(data=odd)), 80)


def test_the_files_of_a_run_and_the_next_commands_are_named(example, changed):
    shown = text(next_steps(example), 100)
    assert "runs/a/arrays.npz" in shown and "runs/a/pictures/profile.png" in shown
    assert "ravine resume runs/a" in shown
    assert "ravine predict" not in shown  # nothing that was trained here is kept as a model
    of_model = changed(center={"origin": "models/best"}, source="new rows.csv")
    assert "ravine predict models/best 'new rows.csv'" in text(next_steps(of_model), 100)


def test_the_plan_names_trainings_and_measurements(plan):
    shown = text(plan_view(plan), 100)
    for words in (
        "sgd at 0.1, 3 starts; optax:lion(b1=0.8) at 3e-05, 1 start", "4 networks, 4,800 network steps",
        "51 by 51 points", "on 3 lines between solutions", "L2 0.01",
        "about 1 min 5 s on this machine",
    ):  # fmt: skip
        assert words in shown


def test_reading_and_showing_a_landscape_needs_no_jax():
    code = (
        "import ravine.studies.landscape.settings, ravine.studies.landscape.result\n"
        "import ravine.studies.landscape.view, sys\n"
        "print([name for name in ('jax', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[]", done.stderr
