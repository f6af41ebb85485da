"""The views of a training: everything is said, and no line is wider than the terminal."""

from __future__ import annotations

import dataclasses

import pytest

from ravine.execution.execute import dry_run
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
