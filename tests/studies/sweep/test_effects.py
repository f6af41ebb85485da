"""Leaderboard and effects of levels, against means formed by hand."""

from __future__ import annotations

import json
from itertools import combinations_with_replacement
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ravine.execution.result_parts import MetricFacts
from ravine.studies.sweep.effects import Scores, level_effects
from ravine.studies.sweep.result import SweepResult

MORE = MetricFacts(name="a score", greater_is_better=True)
LESS = MetricFacts(name="an error", greater_is_better=False)


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
        values = [other["values"] for other in rows if other["levels"][row["factor"]] == row["level"]]
        assert row["median"] == pytest.approx(np.median(np.mean(values, axis=0)), abs=1e-12)
    assert document["test"]["setting"] == document["winner"]


def test_an_additive_table_gives_its_effects_back() -> None:
    seeds = np.random.default_rng(0).normal(size=12)
    table = {(a, b): seeds + 2.0 * int(a) - 1.0 * int(b) for a in "01" for b in "012"}
    found = level_effects(scores(table), "ab", MORE)
    change = {(row.factor, row.level): row.effect.difference for row in found if row.effect is not None}
    assert change["a", "1"] == pytest.approx(2) and change["b", "2"] == pytest.approx(-2)
    assert [row.helps for row in found] == [None, True, None, False, False]
    less = level_effects(scores(table), "ab", LESS)
    assert [row.helps for row in less] == [None, False, None, True, True]


def test_noise_is_no_effect() -> None:
    """Whole tables without any effect: a claim in about one of twenty, not more."""
    random = np.random.default_rng(1)
    claims = 0
    for _ in range(100):
        table = {(a, b): random.normal(size=12) for a in "01" for b in "012"}
        claims += any(row.helps is not None for row in level_effects(scores(table), "ab", MORE))
    assert claims <= 11  # 5 expected; more than 11 has probability 0.5 %


def test_a_diverged_level_is_worse_and_takes_nothing_from_the_others() -> None:
    nan, seeds = float("nan"), np.arange(10.0)
    table = {("0", "0"): seeds, ("1", "0"): np.full(10, nan), ("2", "0"): seeds + 4}
    rows = level_effects(scores(table), "a", MORE)
    assert [row.median for row in rows] == [4.5, None, 8.5]
    assert [(row.diverged, row.n_runs) for row in rows] == [(0, 10), (10, 10), (0, 10)]
    lost, good = rows[1].effect, rows[2].effect
    assert lost is not None and (lost.difference, lost.interval, lost.p_better) == (None, None, 0.0)
    assert (rows[1].helps, rows[1].matters) == (False, True)
    assert good is not None and good.difference == 4 and rows[2].helps is True


def test_a_seed_that_diverged_is_the_worst_and_does_not_hide_the_others() -> None:
    seeds = np.arange(10.0)
    better = np.where(seeds == 0, np.nan, seeds + 2)
    row = level_effects(scores({("0", "0"): seeds, ("1", "0"): better}), "a", MORE)[1]
    assert row.effect is not None and row.effect.difference == 2 and row.diverged == 1
    assert row.effect.p_better == 0.9


def test_a_level_whose_runs_diverged_in_tuning_is_worse() -> None:
    table = scores({("0", "0"): np.arange(10.0), ("1", "0"): []})
    table[1].add_trials(np.array([0.1, 1.0]), np.full((2, 3), np.nan))
    row = level_effects(table, "a", MORE)[1]
    assert (row.helps, row.diverged, row.n_runs) == (False, 6, 6)


def test_an_effect_below_the_smallest_difference_does_not_matter() -> None:
    seeds = np.random.default_rng(3).normal(size=12)
    table = scores({("0", "0"): seeds, ("1", "0"): seeds + 0.01, ("2", "0"): seeds + 1})
    facts = MetricFacts(name="a", greater_is_better=True, smallest_difference=0.5)
    assert [row.matters for row in level_effects(table, "a", facts)] == [True, False, True]
    assert [row.helps for row in level_effects(table, "a", facts)] == [None, True, True]


def test_trials_are_kept_in_order_of_their_rates() -> None:
    (part,) = scores({("0", "0"): []})
    part.add_trials(np.array([0.1, 1.0]), np.array([[1.0, 1.0], [2.0, 2.0]]))
    assert part.best_rate(True) == 1.0 and part.range_end(True) == "high" and part.range_end(False) == "low"
    part.add_trials(np.array([10.0, 0.01]), np.array([[0.0, 0.0], [0.0, 0.0]]))
    assert part.rates.tolist() == [0.01, 0.1, 1.0, 10.0]
    assert part.best_rate(True) == 1.0 and part.range_end(True) is None
