"""The end of a report: commands name run, data and longer training; the last shows the result again."""

from __future__ import annotations

import pytest

from ravine.execution.next_steps import after_ranking, files_and_commands
from ravine.render.text import text


@pytest.mark.parametrize(
    ("source", "epochs", "words"),
    [
        ("digits", 10.0, ["predict runs/a digits -o", "--epochs 50", "resume runs/a"]),
        ("my data.csv", 0.01, ["predict runs/a 'my data.csv' -o", "--epochs 1"]),
        ("", 2.5, ["predict runs/a FILE.csv -o", "--epochs 12"]),
    ],
)
def test_commands_name_run_data_and_epochs(source, epochs, words):
    shown = text(after_ranking("runs/a", "runs/a/models/best", source, epochs), 200)
    assert "runs/a/models/best" in shown
    assert [word for word in words if word not in shown] == []


def test_the_last_command_shows_the_result_again():
    files, commands = files_and_commands(
        "runs/a", [("Picture", "x.png")], [("Train", ["train", "my data.csv"])]
    )
    assert files.rows == (("Run", "runs/a"), ("Picture", "x.png"))
    assert [command for _, command in commands.rows] == [
        "ravine train 'my data.csv'",
        "ravine resume runs/a",
    ]
