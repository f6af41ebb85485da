"""The view of `descent`: whole lines at any width, and sentences that follow from the numbers."""

from dataclasses import replace

import pytest

from ravine.execution.result_parts import MetricFacts
from ravine.render.text import text
from ravine.studies.descent.view import next_steps, view


def shown(result, width=100, unicode=True):
    return text(view(result), width, unicode=unicode)


@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("width", [60, 100, 200])
def test_no_line_is_wider_than_the_screen(result, width, unicode):
    found = shown(result, width, unicode)
    assert max(map(len, found.splitlines())) <= width
    assert unicode or found.isascii()
    assert "\x1b" not in found and "nan" not in found.lower() and "None" not in found


def test_findings_follow_from_the_numbers(result):
    found = " ".join(shown(result, 200).split())
    assert "fitted (at most 1 % wrong) from 32 units on (320 parameters; rows times outputs: 600)" in found
    assert "Double descent in width: the loss rises by 0.31 ± 0.11 to its peak at 8 units" in found
    assert "falls by 0.12 ± 0.07" in found
    once = found.partition("No significant double descent: ")[2]
    assert once.startswith("in epochs with 4 units; in epochs with 32 units; in epochs with 256 units; in ex")


def test_threshold_is_marked_in_table_and_curves(result):
    lines = shown(result).splitlines()
    (row,) = [line for line in lines if line.startswith(" 32 <")]
    assert row.split()[2] == "15"  # train, in percent
    assert sum("^" in line and line.endswith("256") for line in lines) == 2
    assert "(up to 150 rows are fitted)" in shown(result)


def test_no_threshold_is_said_so(result):
    nothing = replace(result.widths.threshold, units=None, parameters=None)
    found = shown(replace(result, widths=replace(result.widths, threshold=nothing)))
    assert "No network fits the 300 training rows (at most 1 % wrong)" in found and "<" not in found


def test_diverged_width_has_no_numbers(result):
    (row,) = [line for line in shown(result).splitlines() if line.startswith("  256")]
    assert row.split()[1:4] == ["–", "–", "–"]


def test_errors_of_numbers_are_in_their_unit(result):
    found = shown(replace(result, metric=MetricFacts(name="rmse", greater_is_better=False)))
    assert "Test rmse by width" in found and "wrong, %" not in found
    assert " 0.15 " in found  # not in percent


def test_a_run_names_its_files(result):
    kept = replace(result, run_dir="runs/one", pictures=["runs/one/pictures/width.png"])
    found = text(next_steps(kept))
    assert "runs/one/pictures/width.png" in found and "ravine resume runs/one" in found
    assert "ravine memorize" in found
    numbers = replace(kept, metric=MetricFacts(name="rmse", greater_is_better=False))
    assert "ravine memorize" not in text(next_steps(numbers))


def test_numbers_are_fitted_within_a_stated_error(result):
    numbers = replace(result, metric=MetricFacts(name="rmse", greater_is_better=False))
    found = " ".join(shown(numbers, 200).split())
    close = "squared error at most 0.01 of the target's variance"
    assert f"The training rows are fitted ({close}) from 32 units on" in found
    nothing = replace(result.widths.threshold, units=None, parameters=None)
    found = shown(replace(numbers, widths=replace(result.widths, threshold=nothing)), 200)
    assert f"No network fits the 300 training rows ({close})" in found
