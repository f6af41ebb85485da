"""A training with the settings of a winner was chosen on its seeds; a changed one was not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ravine.execution.training_settings import WinnerSettings
from ravine.execution.winner_digest import chosen_by, winner_digest

BEST = WinnerSettings.from_dict(
    {
        "source": "iris",
        "optimizer": "adam",
        "learning_rate": 0.02,
        "epochs": 15,
        "seeds": 10,
        "winner_of": "sweep",
    }
)
WINNER = replace(BEST, winner_digest=winner_digest(BEST))


def test_the_settings_of_the_winner_were_chosen():
    assert chosen_by(WINNER) == "sweep"
    assert chosen_by(WinnerSettings.from_dict(WINNER.to_dict())) == "sweep"
    assert chosen_by(BEST) == "sweep"  # of an earlier version, without a digest


@pytest.mark.parametrize(
    "changes", [{"seeds": 20}, {"source": "/data/iris.csv"}, {"device": "cpu"}, {"smallest_difference": 0.1}]
)
def test_settings_that_leave_the_training_as_it_is_do_not_count(changes):
    assert chosen_by(replace(WINNER, **changes)) == "sweep"


@pytest.mark.parametrize(
    "changes",
    [
        {"learning_rate": 0.001}, {"early_stop": 3}, {"epochs": 75.0}, {"optimizer": "sgd"}, {"net": "8"},
        {"l2": 0.1}, {"seed": 1}, {"fresh_seeds": True}, {"winner_of": None},
    ],
)  # fmt: skip
def test_changed_settings_and_fresh_seeds_were_not_chosen(changes):
    assert chosen_by(replace(WINNER, **changes)) is None
