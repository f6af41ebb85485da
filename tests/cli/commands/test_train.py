"""`ravine train` before it trains: the network, what goes around the rule, every schedule."""

import json
from pathlib import Path

import numpy as np
import pytest

ASKED = [
    "train", "digits", "--net", "32 batchnorm conv=4", "--schedule", "step(0.1,every=10)", "--learning-rate",
    "0.01",
    "--hyper-schedule", "b1=linear", "--epochs", "38", "--batch-size", "64",
]  # fmt: skip


def test_a_dry_run_shows_network_and_schedules_and_trains_nothing(ravine, folder):
    ended = ravine(
        *ASKED, "--l2", "1e-4", "--weight-decay", "0.01", "--clip", "1", "--early-stop", "3", "--dry-run"
    )
    assert ended.status == 0, ended.stderr
    # 3x3 without bias, scale and shift; half the image; dense without bias, scale and shift; the output
    counts = [9 * 4 + 2 * 4, 32 * 8 * 8 * 4 + 2 * 32, 32 * 10 + 10]
    for line in ("total", *map(str, counts)):
        assert line in ended.stdout.replace(",", "")
    assert f"{sum(counts):,}" in ended.stdout
    assert "L2 0.0001 (in the gradient), weight decay 0.01 (decoupled); of weights only" in ended.stdout
    assert "early stop after 3 evaluations, clip 1" in ended.stdout
    assert "learning rate, step(0.1,every=10)" in ended.stdout and "b1, linear" in ended.stdout
    assert not list(folder.iterdir())


def test_the_plan_as_a_document_and_as_a_picture(ravine, folder):
    ended = ravine(*ASKED, "--plot-schedule", "rate.svg", "--json", "-q")
    plan = json.loads(ended.stdout)
    assert plan["picture"] == "rate.svg" and [each.name for each in folder.iterdir()] == ["rate.svg"]
    drawn = Path("rate.svg").read_text("utf-8")
    assert "<svg" in drawn
    assert (plan["learning_rate"], plan["schedule"]) == (0.01, "step(0.1,every=10)")
    assert plan["hyper_schedules"] == {"b1": {"value": 0.9, "schedule": "linear"}}
    assert plan["plan"]["steps"] == pytest.approx(38 * plan["split"]["train"] / 64, abs=20)
    np.testing.assert_allclose(np.unique(plan["plan"]["rates"]), [1e-5, 1e-4, 1e-3, 1e-2])


def test_a_schedule_that_waits_has_no_curve(ravine, folder):
    ended = ravine("train", "iris", "--schedule", "plateau", "--dry-run")
    assert "it depends on the validation loss" in ended.stdout
    ended = ravine("train", "iris", "--schedule", "plateau", "--plot-schedule", "rate.png")
    assert ended.status == 2 and "no schedule" in ended.stderr


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--plot-schedule", "rate.jpg"], "png, svg, pdf"),
        (["--plot-schedule", "rate"], "png, svg, pdf"),
        (["--dry-run", "--hyper-schedule", "rho=linear"], "no hyperparameter 'rho'"),
        (["--dry-run", "--min-change", "0.1"], "--early-stop"),
        (["--validation", "0", "--early-stop", "5"], "above 0 and below 1"),
    ],
)
def test_mistakes(ravine, folder, flags, words):
    ended = ravine("train", "iris", *flags)
    assert (ended.status, ended.stdout) == (2, "")
    assert words in ended.stderr
    assert not list(folder.iterdir())
