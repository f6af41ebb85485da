"""Events: plain values that can be written as JSON, one list of all types."""

from __future__ import annotations

import dataclasses
import json

import pytest

from ravine.execution import events
from ravine.execution.events import EVENTS, ChunkDone, DataLoaded, Event, Noted, PlanReady

EXAMPLES = [
    DataLoaded("digits", 1797, 64, "classify", "label", 10),
    Noted("2 columns are constant"),
    PlanReady("12 networks", 1200, "runs/a"),
    events.StageStarted("measure", "curvature"),
    ChunkDone("tune", "adam", 10, 100, 2, 1, 3.5, {"adam": 0.9}),
    events.FirstScores(
        "accuracy", True, {"adam": 0.9712, "lion": None}, {"adam": 0.003, "lion": None}, trials=15
    ),
    events.RangeExtended("high", ("adam",), "one decade more for all"),
    events.RunEnded("finished", 2.0),
]


def test_the_list_holds_every_type():
    defined = {
        item
        for item in vars(events).values()
        if isinstance(item, type) and issubclass(item, Event) and item is not Event
    }
    assert set(EVENTS) == defined == {type(event) for event in EXAMPLES}


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: type(event).__name__)
def test_an_event_is_written_as_json_with_its_data(event):
    plain = json.loads(json.dumps(event.to_dict()))
    assert plain.pop("event") == type(event).__name__
    assert set(plain) == {item.name for item in dataclasses.fields(event)}


def test_messages_are_for_people():
    assert EXAMPLES[0].message == "digits: 1,797 rows, 64 features, target 'label' (10 classes)"
    assert DataLoaded("a", 1, 1, "regress", "y", None).message == "a: 1 row, 1 feature, target 'y' (a number)"
    assert EXAMPLES[4].message == ""  # progress alone leaves no line
    assert EXAMPLES[5].message.splitlines() == [
        "First scores: validation accuracy, best of 15 trials, 1 seed; tuning goes on.",
        "  adam    97.1 %  at rate 0.003",
        "  lion  diverged  at rate –",
    ]
    assert (
        "  adam  0.1235  at rate 0.01"
        in events.FirstScores("rmse", False, {"adam": 0.12346}, {"adam": 0.01}, trials=1).message
    )
