"""The choice of an effort: by name, by the usual one, or the largest that fits the budget."""

from __future__ import annotations

import pytest

from ravine.errors import UsageError
from ravine.execution.choose_effort import choose_effort, with_chosen_effort
from ravine.execution.effort import COMPARE, SearchEffort
from ravine.studies.compare.settings import CompareSettings
from ravine.studies.sweep.settings import SweepSettings

EFFORTS = [SearchEffort("quick", seeds, 1, 1, 1) for seeds in (2, 4, 8, 16)]


def seconds(effort: SearchEffort) -> float:
    return 10.0 * effort.seeds


def unused(effort: SearchEffort) -> float:
    raise AssertionError("no estimate is needed")


@pytest.mark.parametrize(("budget", "seeds"), [("20s", 2), ("44s", 2), ("45s", 4), ("2m", 8), ("1h", 16)])
def test_the_largest_effort_within_nine_tenths_of_the_budget_is_taken(budget: str, seeds: int) -> None:
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


@pytest.mark.parametrize("kind", [CompareSettings, SweepSettings])
def test_a_chosen_effort_takes_the_place_of_the_budget(kind: type[CompareSettings | SweepSettings]) -> None:
    effort = SearchEffort("quick", 7, 2.5, 1, 9, trials=12, tuning_seeds=3, rates=6)
    changed = with_chosen_effort(kind(source="iris", budget="1m"), "1m", effort, 12)
    assert (changed.effort, changed.budget, changed.epochs) == ("quick", None, 2.5)
    assert (changed.trials, changed.tuning_seeds, changed.seeds) == (12, 3, 7)
    named = with_chosen_effort(kind(source="iris", seeds=5), None, effort, 12)
    assert named == kind(source="iris", seeds=5, effort="quick")
