"""The largest level of effort that fits is taken."""

import pytest

from ravine.errors import UsageError
from ravine.studies.compare.choose_effort import choose_effort

ESTIMATES = {"quick": 10.0, "standard": 100.0, "thorough": 1000.0}


@pytest.mark.parametrize(
    ("budget", "level", "reason"),
    [
        (None, "standard", "the largest under two minutes"),
        ("20s", "quick", "the largest within 20s"),
        ("1h", "thorough", "the largest within 1h"),
        ("100", "standard", "the largest within 100"),
        ("1s", "quick", "the smallest; no level is within 1s"),
    ],
)
def test_the_largest_level_that_fits(budget, level, reason):
    assert choose_effort(None, budget, ESTIMATES) == (level, reason)


def test_a_level_that_was_asked_for_is_taken():
    assert choose_effort("thorough", None, {"thorough": 1e6}) == ("thorough", "as given")


def test_a_budget_that_is_no_time_is_refused():
    with pytest.raises(UsageError, match="soon"):
        choose_effort(None, "soon", ESTIMATES)
