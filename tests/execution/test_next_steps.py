"""The end of a report: commands name run, data and advice; the last shows the result again."""

from __future__ import annotations

import pytest

from ravine.execution.length_advice import LengthAdvice
from ravine.execution.next_steps import after_ranking, files_and_commands, source_or_example
from ravine.render.text import text


@pytest.mark.parametrize(
    ("source", "settings", "words"),
    [
        ("digits", {"epochs": 50.0}, ["predict runs/a digits -o", "best.toml --epochs 50", "resume runs/a"]),
        ("my data.csv", {"early_stop": 3.0}, ["predict runs/a 'my data.csv' -o", "best.toml --early-stop 3"]),
        ("", {"epochs": 12.0}, ["predict runs/a FILE.csv -o", "--epochs 12", "Train the winner longer: why"]),
    ],
)
def test_commands_name_run_data_and_advice(source, settings, words):
    advice = LengthAdvice(
        action="longer" if "epochs" in settings else "earlier", reason="why", settings=settings
    )
    shown = text(after_ranking("runs/a", "runs/a/models/best", source, advice), 200)
    assert "runs/a/models/best" in shown
    assert [word for word in words if word not in shown] == []


def test_without_advice_no_training_is_suggested():
    assert "ravine train" not in text(after_ranking("runs/a", "m", "digits", None), 200)


def test_the_last_command_shows_the_result_again():
    files, commands = files_and_commands(
        "runs/a", [("Picture", "x.png")], [("Train", ["train", "my data.csv"])]
    )
    assert files.rows == (("Run", "runs/a"), ("Picture", "x.png"))
    assert [command for _, command in commands.rows] == [
        "ravine train 'my data.csv'",
        "ravine resume runs/a",
    ]


@pytest.mark.parametrize(("source", "shown"), [("-x.csv", "./-x.csv"), ("-", "-"), ("x.csv", "x.csv")])
def test_a_name_that_begins_like_an_option_is_shown_as_a_path(source, shown):
    assert source_or_example(source) == shown


def test_after_a_sample_of_the_rows_the_winner_is_trained_on_all():
    shown = text(after_ranking("runs/a", "m", "x.csv", None, unused=5), 200)
    assert "Train the winner on all rows" in shown and "train -c runs/a/best.toml --rows 0" in shown
    assert "--rows" not in text(after_ranking("runs/a", "m", "x.csv", None), 200)
    assert "--rows" not in text(after_ranking("runs/a", "m", "", None, unused=5), 200)  # data from Python
