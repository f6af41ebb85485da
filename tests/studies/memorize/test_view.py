"""The view of `memorize`: whole tables at any width, and sentences that follow from the numbers."""

from dataclasses import replace

import pytest

from ravine.execution.result_parts import Measure
from ravine.render.text import text
from ravine.studies.memorize.view import next_steps, view


def shown(result, width=100, unicode=True):
    return text(view(result), width, unicode=unicode)


@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("width", [60, 100, 200])
def test_no_line_is_wider_than_the_screen(result, width, unicode):
    found = shown(result, width, unicode)
    assert max(map(len, found.splitlines())) <= width
    assert unicode or found.isascii()
    assert "\x1b" not in found and "nan" not in found.lower() and "None" not in found


@pytest.mark.parametrize("width", [60, 110])
def test_bounds_are_whole_at_any_width(result, width):
    found = shown(result, width)
    assert "…" not in found
    assert found.count("102 (to 106) vacuous") == 3
    assert found.count("99.8 vacuous") == 3
    assert found.count("24 too low") == 3  # the gap is 31 ± 3.4 %
    assert "35 too low" not in found


def test_findings_follow_from_the_numbers(result):
    found = " ".join(shown(result, 200).split())
    assert "2.0 times fewer" in found
    assert "26.0 ± 6.0 % of the true labels are right only because" in found
    assert "11.0 % of the rows are memorized" in found
    assert "Membership inference succeeds" in found
    assert "L2 0.01 limits memorization most: the network learns 50.0 ± 3.4 % of the wrong labels " in found
    assert "instead of 90.0" in found


def test_attack_that_may_be_chance_is_not_called_a_leak(result):
    first = result.shares[0]
    advantage = Measure(mean=0.02, interval=[-0.05, 0.09], values=[0.0, 0.04])
    first = replace(first, membership=replace(first.membership, advantage=advantage))
    found = shown(replace(result, shares=[first, *result.shares[1:]]))
    assert "Membership inference does not succeed" in found


def test_labels_that_were_never_fitted(result):
    last = result.shares[-1]
    last = replace(last, fit=replace(last.fit, median=None, interval=None, reached=0))
    found = shown(replace(result, shares=[*result.shares[:-1], last]), 200)
    assert "with 100% random labels they are not fitted in 20.4 epochs" in found
    assert "never (0 of 2)" in found


def test_diverged_arm_is_named_so(result):
    row = next(
        line for line in shown(result).splitlines() if line.startswith("  dropout 0.5") and "div" in line
    )
    assert row.split()[2:] == ["diverged", "–", "–", "–", "–"]


def test_nothing_limits_memorization_where_all_limits_were_on(result):
    assert "Limits" not in shown(replace(result, limits=[]))


def test_a_run_names_its_files(result):
    kept = replace(result, run_dir="runs/one", pictures=["runs/one/pictures/limits.png"])
    found = text(next_steps(kept))
    assert "runs/one/pictures/limits.png" in found and "ravine resume runs/one" in found
