"""Numbers as people read them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.render import numbers
from ravine.render.numbers import MISSING_CELL, score_format_for


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.00312, "0.00312"), (3.14159, "3.14"), (0, "0"), (-0.0, "0"), (999.4, "999"), (1234.5, "1,234"),
        (-98765, "-98,765"), (1e7, "1e+07"), (3.1e-5, "3.1e-05"), (math.inf, "∞"), (-math.inf, "-∞"),
        (math.nan, MISSING_CELL), (None, MISSING_CELL), ("x", MISSING_CELL), (True, MISSING_CELL),
    ],
)  # fmt: skip
def test_number(value, text):
    assert numbers.number(value) == text


def test_five_digits():
    assert numbers.number(1234.5, 5) == "1234.5"
    assert numbers.number(123456.7, 5) == "123,457"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.126, "0.13 s"), (4.26, "4.3 s"), (59.4, "59 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_seconds(value, text):
    assert numbers.seconds(value) == text
    assert numbers.seconds(math.nan) == MISSING_CELL


def test_counts_sizes_shares_and_signs():
    assert (numbers.count(1, "row"), numbers.count(1234, "row")) == ("1 row", "1,234 rows")
    assert numbers.count(2, "study", "studies") == "2 studies"
    sizes = [numbers.byte_size(size) for size in (999, 4200, 31e6, 5.25e9)]
    assert sizes == ["999 B", "4.2 kB", "31 MB", "5.2 GB"]
    assert (numbers.percent(0.834), numbers.percent(0.834, 1), numbers.percent(None)) == (
        "83 %",
        "83.4 %",
        MISSING_CELL,
    )
    assert (numbers.signed(0.44, 1), numbers.signed(-0.44, 1), numbers.signed(-0.04, 1)) == (
        "+0.4",
        "-0.4",
        "0.0",
    )


def test_values_with_errors():
    assert numbers.with_error(2.63412, 0.13) == "2.63 ± 0.1"
    assert numbers.with_error(2.63412, None) == "2.634"
    assert numbers.with_error(None, 0.1) == MISSING_CELL
    assert numbers.with_interval(2.634, [2.5, 2.7]) == "2.63 ± 0.13"
    assert numbers.with_interval(0.973, [0.97, 0.977], 100, 1) == "97.3 ± 0.4"
    assert numbers.with_interval(2.634, None) == "2.63"
    assert numbers.with_interval(10.0, [10 - 2e-15, 10 + 2e-15]) == "10"  # equal but for rounding
    assert numbers.with_interval(3e-8, [2e-8, 4e-8]) == "3e-08 ± 1e-08"
    assert numbers.with_interval(0.5, [0.4999995, 0.5000005]) == "0.5 ± 5e-07"
    assert numbers.with_interval(math.nan, [0, 1]) == MISSING_CELL


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.floats(0, 1e6))
def test_an_interval_is_never_shown_tighter_than_it_is(value, below, above):
    interval = [value - below, value + above]
    assert numbers.longer_side(value, interval) >= max(value - interval[0], interval[1] - value)


def test_scores_in_percent_have_the_digits_of_their_smallest_uncertainty():
    scores = [(0.983, [0.981, 0.985]), (0.95, [0.94, 0.96])]
    found = score_format_for("accuracy", True, True, scores, (0, 1))
    assert (found.unit, found.step, found.decimals) == ("%", "points", 1)
    assert found.with_unit(0.983, [0.981, 0.985]) == "98.3 ± 0.2 %"
    assert found.difference(0.008, [0.005, 0.011]) == "+0.8 ± 0.3"
    assert found.difference(-0.0001) == "0.0"
    assert found.with_interval(0.97, [0.83, 1]) == "97.0 [83.0, 100.0]"  # ± 14 would reach beyond
    assert found.number(None) == MISSING_CELL


def test_scores_in_the_unit_of_the_target():
    found = score_format_for("rmse", False, False, [(54.321, [53.9, 54.8])])
    assert (found.unit, found.step) == ("", "in rmse")
    assert found.with_unit(54.321, [53.9, 54.8]) == "54.3 ± 0.5"


def test_no_interval_reaches_beyond_a_bound():
    loss = score_format_for("log_loss", False, False, [(0.29, [0.21, 1.37])], (0, math.inf))
    assert loss.with_interval(0.29, [0.21, 1.37]) == "0.3 [0.2, 1.4]"  # 0.3 ± 1.1 would reach below 0
    assert loss.with_interval(2.0, [1.9, 2.5]) == "2.0 ± 0.5"
    share = score_format_for("accuracy", True, True, [(0.97, [0.94, 1.0])], (0, 1))
    assert share.with_interval(0.97, [0.94, 1.0]) == "97 ± 3"  # exactly to the bound
    assert share.with_interval(0.98, [0.94, 1.0]) == "98 [94, 100]"


@pytest.mark.parametrize(
    ("value", "interval", "sign", "text"),
    [
        (0.008, [0.005, 0.011], True, "+0.8 ± 0.3 points"),
        (-0.008, [-0.011, -0.005], True, "-0.8 ± 0.3 points"),
        (-0.008, [-0.011, -0.005], False, "0.8 ± 0.3 points"),
        (-0.03, [-0.08, -0.005], False, "3.0 points [0.5, 8.0]"),
        (0.03, [0.005, 0.08], True, "+3.0 points [0.5, 8.0]"),
        (-0.0001, [-0.02, 0.02], False, "0.0 ± 2.0 points"),
        (-0.03, None, False, "3.0 points"),
        (-0.03, [None, -0.01], False, "3.0 points"),
        (None, None, True, f"{MISSING_CELL} points"),
    ],
)
def test_a_change_has_its_unit_and_an_interval_that_agrees_with_the_test(value, interval, sign, text):
    percent = numbers.ScoreFormat("accuracy", True, 100.0, 1)
    assert percent.change(value, interval, sign=sign) == text


def test_all_of_some_items_in_words():
    assert [numbers.every(amount, "optimizer") for amount in (1, 2, 3, 1200)] == [
        "the optimizer", "both optimizers", "all 3 optimizers", "all 1,200 optimizers",
    ]  # fmt: skip
