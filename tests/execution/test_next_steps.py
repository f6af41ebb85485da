"""Commands after a study that ranks configurations: they name the run, its data and longer training."""

from __future__ import annotations

import pytest

from ravine.execution.next_steps import after_ranking
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
