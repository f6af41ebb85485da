"""The choice of an effort: by name, by the usual one, or the largest that fits the budget."""

from __future__ import annotations

import pytest

from ravine.errors import UsageError
from ravine.execution.choose_effort import choose_effort
from ravine.execution.effort import COMPARE, SearchEffort

EFFORTS = [SearchEffort("quick", seeds, 1, 1, 1) for seeds in (2, 4, 8, 16)]


def seconds(effort: SearchEffort) -> float:
    return 10.0 * effort.seeds


def unused(effort: SearchEffort) -> float:
    raise AssertionError("no estimate is needed")


@pytest.mark.parametrize(("budget", "seeds"), [("20s", 2), ("39s", 2), ("40s", 4), ("2m", 8), ("1h", 16)])
def test_the_largest_effort_within_the_budget_is_taken(budget: str, seeds: int) -> None:
    effort, reason = choose_effort(None, budget, COMPARE["standard"], EFFORTS, seconds)
    assert effort.seeds == seeds and reason == f"the largest within {budget}"


def test_without_a_budget_nothing_is_estimated() -> None:
    assert choose_effort("thorough", None, COMPARE["quick"], EFFORTS, unused)[0] is COMPARE["thorough"]
    assert choose_effort(None, None, COMPARE["quick"], EFFORTS, unused)[0] is COMPARE["quick"]


def test_a_budget_below_the_smallest_plan_is_refused_with_the_time_of_that_plan() -> None:
    with pytest.raises(UsageError, match="about 20 s") as refused:
        choose_effort(None, "19s", COMPARE["standard"], EFFORTS, seconds)
    assert refused.value.option == "budget" and refused.value.status == 2
    # 20 s and a fifth more, as the measurement varies
    assert refused.value.fix == "Type --budget 24s, or fewer optimizers."
    with pytest.raises(UsageError) as refused:
        choose_effort(None, "19s", COMPARE["standard"], EFFORTS, seconds, "values")
    assert refused.value.fix.endswith("or fewer values.")
    choose_effort(None, "24s", COMPARE["standard"], EFFORTS, seconds)


def test_a_budget_that_is_no_time_is_refused() -> None:
    with pytest.raises(UsageError, match="soon"):
        choose_effort(None, "soon", COMPARE["standard"], EFFORTS, seconds)
