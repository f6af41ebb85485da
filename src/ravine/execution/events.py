"""Typed events: what a study reports while it works. Bar, log, `events.jsonl` and web page are listeners.

Every event holds data, and one sentence for people (`message`). `EVENTS` lists all types.
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
    """The plan is fixed, and written if there is a run directory. `run_dir` stays from here on."""

    text: str
    network_steps: int
    run_dir: str | None = None

    @property
    def message(self) -> str:
        return self.text


@dataclass(frozen=True)
class StageStarted(Event):
    """A stage that does not train has begun: measure, test, save, ...; `about` names its part.

    Stages that train are named by their progress, `ChunkDone`.
    """

    stage: str
    about: str = ""


@dataclass(frozen=True)
class ChunkDone(Event):
    """A chunk of training has ended.

    done, total: network steps of the whole study. finished, diverged: runs so far. seconds_left: estimated
    from the steps done, None before the first. scores: best validation score so far by optimizer or group.
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
    """Tuning has extended the range of learning rates of all at one side. names: whose best lay there."""

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
"""A listener: it is called with every event."""
ShouldStop = Callable[[], int | None]
"""Called after every chunk: the exit status to stop with, or None to go on."""


def ignore(event: Event) -> None:
    """Do nothing with an event."""


def never() -> int | None:
    """Never ask a study to stop."""
    return None
