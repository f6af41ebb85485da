"""The list of commands whose estimated time is checked, and the counts of those within the limits."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def estimates(module):
    """The script as a module."""
    return module("estimates")


def test_the_list_has_twenty_commands_that_exist(estimates, tmp_path):
    from ravine.execution.registry import STUDIES

    assert len(estimates.COMMANDS) == len(set(estimates.COMMANDS)) == 20
    words = [estimates.arguments(command, tmp_path) for command in estimates.COMMANDS]
    assert {first for first, *_ in words} == set(STUDIES)
    assert ["sweep", "digits", "--vary", "net=64;64-64;128-128"] in words
    assert any(word.startswith(str(tmp_path)) for line in words for word in line)


def test_a_budget_takes_the_place_of_the_effort(estimates):
    assert estimates.with_budget("compare wine --effort quick", "60s") == "compare wine --budget 60s"
    assert estimates.with_budget("train digits", "60s") is None


def test_the_counts_are_those_within_the_limits(estimates):
    done = {
        "compare a": {"ratio": 1.29, "taken": 10},
        "compare b": {"ratio": 0.69, "taken": 10},
        "compare a --budget 60s": {"ratio": 1.0, "taken": 72},
        "compare b --budget 60s": {"ratio": 1.0, "taken": 73},
        "compare a --budget 5m": {"ratio": 1.0, "taken": 200},
    }
    assert estimates.counts(done).splitlines() == [
        "estimates within 30% of the time taken: 1 of 2",
        "budget 60s exceeded by at most 20%: 1 of 2",
        "budget 5m exceeded by at most 20%: 1 of 1",
    ]
