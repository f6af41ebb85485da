"""The views of a training: everything is said, and no line is wider than the terminal."""

from __future__ import annotations

import dataclasses

import pytest

from ravine.execution.execute import dry_run
from ravine.execution.length_advice import LengthAdvice
from ravine.execution.registry import find_study
from ravine.render.cells import display_width
from ravine.render.html import html
from ravine.render.text import text
from ravine.studies.train.view import details, next_steps, plan_view, view

TRAIN = find_study("train")


@pytest.mark.parametrize("width", [60, 100, 200])
@pytest.mark.parametrize("unicode", [True, False])
def test_no_line_is_wider_than_the_terminal(trained, width, unicode):
    shown = text([*view(trained), *details(trained)], width, unicode=unicode)
    assert max(map(display_width, shown.splitlines())) <= width
    assert unicode or shown.isascii()


def test_scores_penalties_and_curves_are_shown(trained):
    shown = text(view(trained), 100)
    for part in (
        "validation accuracy",
        "test accuracy",
        "penalties",
        "L2 0.01",
        "other schedules",
        "kept",
        "train loss",
    ):
        assert part in shown
    assert f"{trained.plan.parameters:,} parameters" in shown


def test_a_diverged_seed_is_counted(trained):
    values = [*trained.result.values[:2], None]
    result = dataclasses.replace(trained.result, mean=None, interval=None, diverged=1, values=values)
    shown = text(view(trained.replace(result=result)), 100)
    assert "1 of 3 seeds" in shown and "median" in shown


def test_details_are_layers_with_their_total_and_every_schedule(trained):
    shown = text(details(trained), 100)
    assert f"{trained.plan.parameters:,}" in [word for line in shown.splitlines() for word in line.split()]
    assert "learning rate, step(0.5,every=2)" in shown
    assert f"dropout, {trained.schedules[1].schedule}" in shown


def test_the_next_commands_name_run_and_data(trained):
    kept = trained.replace(run_dir="runs/a b", model_dir="runs/a b/models/best", source="data.csv")
    shown = text(next_steps(kept), 100)
    assert "ravine predict 'runs/a b' data.csv -o predictions.csv" in shown
    assert "ravine resume 'runs/a b'" in shown


def test_a_plan_shows_the_network_and_a_schedule_that_waits_for_the_loss():
    plan = dry_run(TRAIN, TRAIN.settings.from_dict({"source": "iris", "schedule": "plateau"}))
    shown = text(plan_view(plan), 100)
    assert "it depends on the validation loss" in shown
    assert f"{plan.plan.parameters:,}" in shown and "iris: 150 rows" in shown


def test_a_notebook_gets_html_from_the_same_view(trained):
    assert trained._repr_html_() == html(view(trained))
    assert "validation accuracy" in trained._repr_html_()
    assert repr(trained) == text(view(trained), 100)


def test_scores_are_medians_with_their_interval(trained):
    scores = dataclasses.replace(
        trained.result,
        mean=0.797,
        interval=[0.77, 0.824],
        median=0.81,
        median_interval=[0.76, 0.83],
        n_seeds=10,
        values=[0.8] * 10,
        epochs=None,
    )
    test = dataclasses.replace(
        trained.test, mean=0.5, median=0.8, median_interval=[0.78, 0.82], n_seeds=10, values=[0.8] * 10
    )
    shown = text(view(trained.replace(result=scores, test=test)), 100)
    assert "81 ± 5 %, median of 10 seeds" in shown and "80 ± 2 %, median of 10 seeds" in shown
    assert "79.7" not in shown


def curve(shown, label):
    """Return the marks of a curve, between its first and its last value."""
    words = next(line for line in shown.splitlines() if line.startswith(label)).removeprefix(label).split(" ")
    return [word for word in words if word][1:-1]


def test_a_curve_ends_where_the_run_stopped_and_is_crossed_where_it_diverged(trained):
    curves = dataclasses.replace(
        trained.curves, seed=[7] * 4, step=[1, 2, 3, 4], train_loss=[4.0, 2.0, 1.0, None],
        valid_loss=[4.0, 1.0, 2.0, None], score=[0.5, 0.6, 0.7, None],
    )  # fmt: skip
    stopped = trained.replace(curves=curves, plan=dataclasses.replace(trained.plan, rates=None))
    shown = text(view(stopped), 100)
    assert curve(shown, "train loss") == ["█▃▁"] and curve(shown, "valid loss") == ["█▁▃"]
    lost = dataclasses.replace(trained.result, values=[None, *trained.result.values[1:]])
    assert curve(text(view(stopped.replace(result=lost)), 100), "train loss") == ["█▃▁x"]


def test_advice_on_the_length_is_a_sentence_and_a_command(trained):
    advice = LengthAdvice(action="earlier", reason="the loss rose", settings={"early_stop": 3.0})
    advised = trained.replace(advice=advice, run_dir="runs/a")
    assert "With adam, the loss rose. Stop it earlier (--early-stop 3)." in text(view(advised), 100)
    assert "Stop it earlier (early_stop=3)." in repr(advised)
    assert "ravine train -c runs/a/config.toml --early-stop 3" in text(next_steps(advised), 100)
    silent = trained.replace(advice=None, run_dir="runs/a")
    assert "--early-stop" not in text([*view(silent), *next_steps(silent)], 100)


@pytest.mark.parametrize(
    ("epochs", "words"), [(4, "6.67 epochs (4 requested, rounded up to 20"), (10, "10 epochs")]
)
def test_rounded_epochs_are_named_in_the_plan(epochs, words):
    # 96 training rows in batches of 16 are 6 steps an epoch; 24 steps are rounded up to 40, and 60 are 3 * 20
    plan = dry_run(TRAIN, TRAIN.settings.from_dict({"source": "iris", "epochs": epochs}))
    shown = text(plan_view(plan), 100)
    assert f"{6 * epochs if epochs == 10 else 40} steps of 16 rows, {words}" in shown
    assert ("requested" in shown) == (epochs == 4)
