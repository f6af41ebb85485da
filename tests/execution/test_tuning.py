"""Ranges are extended for all while somebody's best lies at an end, at most twice, the high end first."""

from __future__ import annotations

import pytest

from ravine.execution.tuning import MAX_EXTENSIONS, extend_ranges


def run(*ends):
    """Extend with the ends that are found in turn; return the sides, and what each extension was told."""
    turns, told = iter(ends), []
    sides = extend_ranges(
        lambda: next(turns, {}), lambda sides, names: told.append((list(sides), list(names)))
    )
    return sides, told


def test_nothing_is_extended_where_no_best_lies_at_an_end():
    assert run({}) == ([], [])


@pytest.mark.parametrize("side", ["high", "low"])
def test_one_side_is_extended_once(side):
    assert run({"adam": side}, {}) == ([side], [([side], ["adam"])])


def test_the_high_end_comes_first_and_names_only_those_at_it():
    sides, told = run({"sgd": "low", "adam": "high", "adagrad": "high"}, {"sgd": "low"})
    assert sides == ["high", "low"]
    assert told == [(["high"], ["adam", "adagrad"]), (["high", "low"], ["sgd"])]


def test_there_is_a_limit():
    sides, _ = run(*[{"adam": "high"}] * 10)
    assert sides == ["high"] * MAX_EXTENSIONS
