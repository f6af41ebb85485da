"""Cells and sentences about the scores of a row: medians, failed seeds."""

from dataclasses import dataclass, replace

import pytest

from ravine.execution.evaluated_scores import (
    EvaluatedScores,
    failed_cells,
    failure_warning,
    few_seeds_text,
    median_cell,
    tied_with_best,
    tier_column,
)
from ravine.render.numbers import ScoreFormat

STYLE = ScoreFormat("accuracy", True, 100.0, 1)
ROW = EvaluatedScores(
    mean=0.758, median=0.783, sd=0.1, interval=[0.695, 0.821], n_seeds=10, diverged=0, values=[0.783] * 10,
    median_interval=[0.779, 0.785],
)  # fmt: skip
TUNING_ONLY = replace(ROW, median=None, median_interval=None, n_seeds=0, diverged=36, failed=36, values=[])


def test_the_median_is_shown_not_the_mean():
    assert median_cell(ROW, STYLE) == "78.3 ± 0.4"
    assert median_cell(TUNING_ONLY, STYLE) == "diverged"


def test_failed_seeds_are_counted():
    assert failed_cells([ROW, replace(ROW, failed=1), TUNING_ONLY]) == ["0", "1/10", "all"]


@dataclass(frozen=True)
class Ranked:
    tier: int
    failed: int


@pytest.mark.parametrize(
    ("rows", "cells", "tied", "explained"),
    [
        ([(1, 0), (1, 0), (2, 0)], ("1=", "1=", "2"), 2, False),
        ([(1, 0), (1, 3), (2, 0), (2, 0)], ("1", "1", "2=", "2="), 1, True),  # the second failed
        ([(1, 2), (1, 0), (1, 0)], ("1", "1", "1"), 1, True),  # the best median failed: no row ties with it
        ([(1, 1), (1, 0), (1, 1), (2, 1)], ("1=", "1", "1=", "2"), 2, True),
    ],
)
def test_rows_that_failed_on_different_numbers_of_seeds_do_not_tie(rows, cells, tied, explained):
    ranked = [Ranked(*row) for row in rows]
    assert tied_with_best(ranked) == [row for row in ranked if row == ranked[0]]
    assert len(tied_with_best(ranked)) == tied
    assert tier_column(ranked).texts == cells and tier_column(ranked, 2).texts == cells[:2]
    assert ("failed on more or fewer" in tier_column(ranked).meaning) is explained


@pytest.mark.parametrize(
    ("failed", "diverged", "text"),
    [
        (1, 1, "! adam: 1 of 10 seeds failed: the loss became infinite."),
        (
            1,
            0,
            "! adam: 1 of 10 seeds failed (no better than a constant prediction, or far below the median).",
        ),
        (
            3,
            2,
            "! adam: 3 of 10 seeds failed (2 diverged; 1 no better than a constant prediction, or far below "
            "the median).",
        ),
    ],
)
def test_the_warning_says_how_they_failed(failed, diverged, text):
    assert failure_warning("adam", replace(ROW, failed=failed, diverged=diverged)) == text


def test_without_a_failure_there_is_no_warning():
    assert failure_warning("adam", ROW) is None and failure_warning("adam", TUNING_ONLY) is None


@pytest.mark.parametrize(
    ("seeds", "text"),
    [
        (1, "With 1 seed no difference can be distinguished from chance."),
        (5, "With 5 seeds no difference can be distinguished from chance."),  # p >= 2 / 2^5 = 0.06
        (6, "With 6 seeds only large differences are visible."),  # p >= 2 / 2^6 = 0.03
        (9, "With 9 seeds only large differences are visible."),
        (10, ""),
    ],
)
def test_few_seeds_show_large_differences_or_none(seeds, text):
    assert few_seeds_text(seeds) == text
