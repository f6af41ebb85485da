"""Leaderboard and effects of levels, against means formed by hand."""

from __future__ import annotations

import json
from itertools import combinations_with_replacement
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ravine.studies.sweep.effects import Scores, level_effects
from ravine.studies.sweep.result import SweepResult


def scores(values: dict[tuple[str, str], Any]) -> list[Scores]:
    """Scores [seed] of configurations with these levels of the factors `a` and `b`."""
    made = []
    for levels, column in values.items():
        configuration: Any = SimpleNamespace(levels=dict(zip("ab", levels, strict=True)))
        made.append(Scores(configuration, values=np.asarray(column, float)))
    return made


def test_a_factor_that_helps_is_told_from_one_that_does_nothing(found: SweepResult) -> None:
    rows = {(row.factor, row.level): row for row in found.effects}
    effect = rows["net", "16"].effect
    assert rows["net", "16"].helps is True and effect is not None and effect.interval is not None
    assert effect.difference is not None and effect.difference > 0.2 and effect.interval[0] > 0.1
    assert rows["l2", "1e-6"].helps is None
    assert [row.levels["net"] for row in found.leaderboard] == ["16", "16", "linear", "linear"]
    assert [row.tier for row in found.leaderboard] == [1, 1, 2, 2]


def test_means_and_differences_are_those_of_the_values(found: SweepResult) -> None:
    document: Any = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    rows = document["leaderboard"]
    (first,) = (row for row in rows if row["first"])
    for row in rows:
        assert row["n_seeds"] == len(row["values"]) == 10
        assert row["mean"] == pytest.approx(np.mean(row["values"]), abs=1e-12)
        if not row["first"]:
            change = np.array(row["values"]) - first["values"]
            difference = np.median([(x + y) / 2 for x, y in combinations_with_replacement(change, 2)])
            assert row["against_first"]["difference"] == pytest.approx(difference, abs=1e-12)
    assert first["against_first"] is None and rows[0]["against_best"] is None
    assert all(row["against_best"] is not None for row in rows[1:])
    for row in document["effects"]:
        means = [other["mean"] for other in rows if other["levels"][row["factor"]] == row["level"]]
        assert row["mean"] == pytest.approx(np.mean(means), abs=1e-12)
    assert document["test"]["setting"] == rows[0]["setting"]


def test_an_additive_table_gives_its_effects_back() -> None:
    seeds = np.random.default_rng(0).normal(size=12)
    table = {(a, b): seeds + 2.0 * int(a) - 1.0 * int(b) for a in "01" for b in "012"}
    found = level_effects(scores(table), "ab", True)
    change = {(row.factor, row.level): row.effect.difference for row in found if row.effect is not None}
    assert change["a", "1"] == pytest.approx(2) and change["b", "2"] == pytest.approx(-2)
    assert [row.helps for row in found] == [None, True, None, False, False]
    less = level_effects(scores(table), "ab", False)
    assert [row.helps for row in less] == [None, False, None, True, True]


def test_noise_is_no_effect() -> None:
    """Whole tables without any effect: a claim in about one of twenty, not more."""
    random = np.random.default_rng(1)
    claims = 0
    for _ in range(100):
        table = {(a, b): random.normal(size=12) for a in "01" for b in "012"}
        claims += any(row.helps is not None for row in level_effects(scores(table), "ab", True))
    assert claims <= 11  # 5 expected; more than 11 has probability 0.5 %


def test_a_diverged_level_has_no_effect_and_takes_none_from_the_others() -> None:
    nan = float("nan")
    table = {(a, "0"): column for a, column in {"0": [1.0, 2, 3], "1": [nan, 2, 3], "2": [5.0, 6, 7]}.items()}
    rows = [row for row in level_effects(scores(table), "a", True)]
    assert [row.mean for row in rows] == [2, None, 6]
    assert rows[1].effect is None and rows[2].effect is not None and rows[2].effect.difference == 4


def test_trials_are_kept_in_order_of_their_rates() -> None:
    (part,) = scores({("0", "0"): []})
    part.add_trials(np.array([0.1, 1.0]), np.array([[1.0, 1.0], [2.0, 2.0]]))
    assert part.best_rate(True) == 1.0 and part.range_end(True) == "high" and part.range_end(False) == "low"
    part.add_trials(np.array([10.0, 0.01]), np.array([[0.0, 0.0], [0.0, 0.0]]))
    assert part.rates.tolist() == [0.01, 0.1, 1.0, 10.0]
    assert part.best_rate(True) == 1.0 and part.range_end(True) is None
