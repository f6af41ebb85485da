"""Typed events: the reports of a running study. Progress bar, log and `events.jsonl` listen to them.

Every event has data and a sentence for people (`message`). `EVENTS` lists all types.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields

__all__ = [
    "EVENTS",
    "ChunkDone",
    "DataLoaded",
    "Event",
    "Noted",
    "Notify",
    "PlanReady",
    "RangeExtended",
    "RunEnded",
    "ShouldStop",
    "StageStarted",
    "ignore",
    "never",
]


@dataclass(frozen=True)
class Event:
    """The base of all events."""

    @property
    def message(self) -> str:
        """One sentence or phrase for people; empty if the event is only about progress."""
        return ""

    def to_dict(self) -> dict[str, object]:
        """Return the event as plain values: its type and its fields."""
        return {"event": type(self).__name__} | {item.name: getattr(self, item.name) for item in fields(self)}


@dataclass(frozen=True)
class DataLoaded(Event):
    """The data set is in memory. classes: None for a regression."""

    name: str
    rows: int
    features: int
    task: str
    target: str
    classes: int | None

    @property
    def message(self) -> str:
        kind = "a number" if self.classes is None else f"{self.classes} classes"
        inputs = f"{self.features} input{'s' * (self.features != 1)}"
        rows = f"{self.rows:,} row{'s' * (self.rows != 1)}"
        return f"{self.name}: {rows}, {inputs}, target '{self.target}' ({kind})"


@dataclass(frozen=True)
class Noted(Event):
    """A fact about data or plan that the user should know."""

    text: str

    @property
    def message(self) -> str:
        return self.text


@dataclass(frozen=True)
class PlanReady(Event):
    """The plan is fixed, and written to the run directory if there is one."""

    text: str
    network_steps: int
    run_dir: str | None = None

    @property
    def message(self) -> str:
        return self.text


@dataclass(frozen=True)
class StageStarted(Event):
    """A stage without training has begun: measure, test, save, ... about: part of the stage.

    For a stage with training, `ChunkDone` names the stage.
    """

    stage: str
    about: str = ""


@dataclass(frozen=True)
class ChunkDone(Event):
    """A chunk of training, the steps between two saves, has ended.

    done, total: network steps of the whole study. finished, diverged: numbers of runs so far.
    seconds_left: estimate from the steps so far, None before the first. scores: best validation score so far,
    by optimizer or group.
    """

    stage: str
    about: str
    done: int
    total: int
    finished: int
    diverged: int
    seconds_left: float | None = None
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class RangeExtended(Event):
    """Tuning has extended the range of all learning rates on one side.

    side: low or high. names: optimizers or groups whose best learning rate was at that end.
    """

    side: str
    names: tuple[str, ...]
    text: str

    @property
    def message(self) -> str:
        return self.text


@dataclass(frozen=True)
class RunEnded(Event):
    """The study has ended. state: finished, stopped or failed. seconds: wall-clock time."""

    state: str
    seconds: float


EVENTS: tuple[type[Event], ...] = (
    DataLoaded, Noted, PlanReady, StageStarted, ChunkDone, RangeExtended, RunEnded,
)  # fmt: skip
"""All types of events."""

Notify = Callable[[Event], None]
"""A function that listens. The study calls the function with every event."""
ShouldStop = Callable[[], int | None]
"""A function that the study calls after every chunk: to stop it returns an exit status, else None."""


def ignore(event: Event) -> None:
    """Ignore an event."""


def never() -> int | None:
    """Return None: no stop request."""
    return None
