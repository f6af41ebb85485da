"""Advice on the length of training: only where the curve supports it, with the size of the trend."""

from dataclasses import replace

import pytest

from ravine.errors import in_python
from ravine.execution.length_advice import (
    LossTrend,
    advice_text,
    advice_words,
    length_advice,
    length_text,
    rounding_notes,
    rounding_text,
    still_falling_text,
    trend_cell,
    trend_text,
)

FALLING = LossTrend(
    direction="falling", change=-0.0312, agreeing=1.0, rise=0.0, lowest_step=800, lowest_epochs=10.0,
    score_improves=False, seeds=10,
)  # fmt: skip
RISING = replace(FALLING, direction="rising", change=0.01, rise=1.38, lowest_step=2900)
FLAT = replace(FALLING, direction="flat", change=0.0)


def test_a_loss_that_falls_is_trained_five_times_as_long():
    advice = length_advice(FALLING, 2.5, None)
    assert (advice.action, advice.settings) == ("longer", {"epochs": 12.0})
    assert advice.reason == "the validation loss still fell by 3.1 % in the last tenth of training"
    assert length_advice(FALLING, 0.01, None).settings == {"epochs": 1.0}


def test_a_loss_that_rises_is_stopped_earlier():
    advice = length_advice(RISING, 10.0, None)
    assert (advice.action, advice.settings) == ("earlier", {"early_stop": 3.0})
    assert advice.reason == "the validation loss rose by 138 % from step 2,900 on"


@pytest.mark.parametrize(
    ("trend", "early_stop"),
    [(FLAT, None), (None, None), (replace(RISING, score_improves=True), None), (RISING, 5)],
)
def test_otherwise_there_is_no_advice(trend, early_stop):
    assert length_advice(trend, 10.0, early_stop) is None


def test_texts():
    advice = length_advice(FALLING, 10.0, None)
    assert advice_text(advice, "adam").startswith("With adam, the validation loss still fell by 3.1 %")
    assert advice_text(advice, "adam").endswith("of training. Train it longer (--epochs 50).")
    earlier = length_advice(RISING, 10.0, None)
    assert advice_text(earlier, "adam").endswith("Stop it earlier (--early-stop 3).")
    assert in_python(advice_text(earlier, "adam")).endswith("Stop it earlier (early_stop=3).")
    assert advice_words(earlier) == ["--early-stop", "3"]
    assert [trend_cell(trend) for trend in (FALLING, RISING, FLAT, None)] == [
        "fell 3.1 %", "rose 138 %", "flat", "–",
    ]  # fmt: skip
    assert "neither fell nor rose" in trend_text(FLAT)
    assert trend_text(replace(FALLING, window=0.397)).endswith("in the last 40 % of training")
    assert length_text(800, 4.6154) == "800 steps (4.62 epochs)"
    assert length_text(1, 1.0) == "1 step (1 epoch)"


@pytest.mark.parametrize(
    ("trends", "text"),
    [
        ([FALLING, FALLING, FLAT], "The validation loss still fell at the end for 2 of 3 optimizers."),
        (
            [FALLING, None, FALLING],
            "The validation loss still fell at the end for 2 of 3 optimizers; 1 has no trend, because most "
            "of its runs diverged or stopped early.",
        ),
        (
            [None, None, FLAT],
            "The validation loss had stopped falling for 1 of 3 optimizers; 2 have no trend, because most of "
            "their runs diverged or stopped early.",
        ),
        ([FLAT, RISING], "The validation loss had stopped falling for both optimizers."),
        ([FALLING], "The validation loss still fell at the end for the optimizer."),
        ([None, None], ""),
    ],
)
def test_how_many_were_still_improving(trends, text):
    assert still_falling_text(trends, "optimizer") == text


@pytest.mark.parametrize(
    ("steps", "epochs", "requested", "text"),
    [
        (40, 40 / 6, 4.0, "4 requested, rounded up to 20 evaluations"),
        (3, 0.5, 0.4, "0.4 requested, rounded to whole steps"),
        (1000, 60.5, 60.0, ""),
        (1000, 60.7, 60.0, "60 requested, rounded up to 20 evaluations"),
        (1000, 60.7, None, ""),
    ],
)
def test_rounded_epochs_are_reported_above_one_per_cent(steps, epochs, requested, text):
    assert rounding_text(steps, epochs, requested) == text


def test_a_note_names_the_epochs_that_rounding_changed():
    # 6 batches in an epoch: 4 epochs are 24 steps, 20 evaluations at equal distances need 40
    note = "6.67 epochs instead of 4: the number of steps is rounded to 40."
    assert rounding_notes(40, 40 / 6, 4.0) == [note]
    assert rounding_notes(24, 4.0, 4.0) == rounding_notes(40, 40 / 6, None) == []
