"""The error of a study whose runs all diverged: the rate that was given, and advice that fits it."""

from __future__ import annotations

import pytest

from ravine.execution.divergence import all_diverged


@pytest.mark.parametrize(
    ("learning_rate", "where", "what", "why", "fix"),
    [
        (
            0.12345,
            "on every seed",
            "Training diverged on every seed.",
            "rate 0.123.",
            "lower --learning-rate",
        ),
        (30.0, "", "Training diverged.", "rate 30.", "ravine compare"),
        (None, "with all", "Training diverged with all.", "at every learning rate", "--init-scale 0.1"),
    ],
)
def test_advice_fits_the_learning_rate(learning_rate, where, what, why, fix):
    error = all_diverged(learning_rate, where)
    assert error.what == what
    assert why in error.why
    assert fix in error.fix
