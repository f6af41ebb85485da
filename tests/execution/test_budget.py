"""Budgets of time from text."""

from __future__ import annotations

import pytest

from ravine.errors import UsageError
from ravine.execution.budget import budget_seconds


@pytest.mark.parametrize(
    ("text", "seconds"), [("60s", 60), ("2m", 120), ("1h", 3600), ("45", 45), ("1.5 m", 90)]
)
def test_a_budget_is_read(text: str, seconds: float) -> None:
    assert budget_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "0s", "-3s", "soon", "5 days"])
def test_what_is_no_budget_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="budget"):
        budget_seconds(text)
