"""Typed events, by which a running study reports to listeners: progress displays and `events.jsonl`.

Every event has data and a text for people (`message`), which may be empty. `EVENTS` lists all types.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields

from ravine.render.numbers import learning_rate, number, percent

__all__ = [
    "EVENTS",
    "ChunkDone",
    "DataLoaded",
    "Event",
    "FirstScores",
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
    """The base of all events that a running study reports to its listeners."""

    @property
    def message(self) -> str:
        """The text of the event for people; empty for an event that only reports progress or the end."""
        return ""

    def to_dict(self) -> dict[str, object]:
        """Return the event as plain values by name: its type under "event", and its fields."""
        return {"event": type(self).__name__} | {item.name: getattr(self, item.name) for item in fields(self)}


@dataclass(frozen=True)
class DataLoaded(Event):
    """The event that the data set has been read.

    name: name of the data. rows, features: numbers of rows and of features. task: classify or regress.
    target: name of the target column. classes: number of classes, None for a regression.
    """

    name: str
    rows: int
    features: int
    task: str
    target: str
    classes: int | None

    @property
    def message(self) -> str:
        kind = "a number" if self.classes is None else f"{self.classes} classes"
        features = f"{self.features} feature{'s' * (self.features != 1)}"
        rows = f"{self.rows:,} row{'s' * (self.rows != 1)}"
        return f"{self.name}: {rows}, {features}, target '{self.target}' ({kind})"


@dataclass(frozen=True)
class Noted(Event):
    """The event of a remark on the data or on the planned trainings that the user should know."""

    text: str

    @property
    def message(self) -> str:
        return self.text


@dataclass(frozen=True)
class PlanReady(Event):
    """The event that all trainings are planned; the plan is written to the run directory if there is one.

    text: the plan in one line. network_steps: planned steps of all networks together. estimated_seconds:
    estimated wall-clock time of the whole study.
    """

    text: str
    network_steps: int
    run_dir: str | None = None
    estimated_seconds: float | None = None

    @property
    def message(self) -> str:
        return self.text


@dataclass(frozen=True)
class StageStarted(Event):
    """The event that a stage of a study, or a part of it, has begun, such as measure, test or save.

    Most such stages train no network. In a stage with training, each `ChunkDone` names the stage. stage: name
    of the stage. about: the part that begins. place, count: place of this part, from 1, and number of parts,
    if they are known.
    """

    stage: str
    about: str = ""
    place: int | None = None
    count: int | None = None


@dataclass(frozen=True)
class ChunkDone(Event):
    """The event that a cohort (runs that train together) has begun, or that one of its chunks has ended.

    A chunk is the training between two saves of the state. stage, about: names of stage and cohort. done,
    total: network steps of the whole study; one step of k networks counts k. finished, diverged: numbers of
    runs so far. seconds_left: estimated seconds until the study ends, None until this process has trained for
    30 s or 5 % of the steps. scores: best validation score so far, by name of the cohort, such as an
    optimizer. next_chunk_s: estimated seconds of the next chunk of the cohort, None after its last one or
    without an estimate.
    """

    stage: str
    about: str
    done: int
    total: int
    finished: int
    diverged: int
    seconds_left: float | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    next_chunk_s: float | None = None


@dataclass(frozen=True)
class FirstScores(Event):
    """The event that every optimizer has scores from its first trials, which the final result may contradict.

    metric: name of the score. percent: whether it is a share, shown in per cent. scores, learning_rates: the
    best validation score and its learning rate by optimizer, best first; None where every trial diverged.
    trials: number of trials of each optimizer so far. seeds: number of seeds of each trial.
    """

    metric: str
    percent: bool
    scores: Mapping[str, float | None]
    learning_rates: Mapping[str, float | None]
    trials: int
    seeds: int = 1

    @property
    def message(self) -> str:
        return "\n".join([self._heading(), *self._rows()])

    def _heading(self) -> str:
        seeds = f"{self.seeds} seed{'s' * (self.seeds != 1)}"
        return (
            f"First scores: validation {self.metric}, best of {self.trials} trials, {seeds}; tuning goes on."
        )

    def _rows(self) -> Sequence[str]:
        """Return one line for each optimizer, in columns."""
        shown = {
            name: "diverged" if score is None else percent(score, 1) if self.percent else number(score, 4)
            for name, score in self.scores.items()
        }
        names, values = max(map(len, shown)), max(map(len, shown.values()))
        return [
            f"  {name:<{names}}  {value:>{values}}  at rate {learning_rate(self.learning_rates[name])}"
            for name, value in shown.items()
        ]


@dataclass(frozen=True)
class RangeExtended(Event):
    """The event that tuning extends the range of learning rates at one end, for everything that is tuned.

    The new learning rates are tried with all optimizers of a comparison, or all configurations of a sweep.
    side: the end, low or high. names: optimizers or configurations whose best learning rate lay at this end.
    text: the message.
    """

    side: str
    names: tuple[str, ...]
    text: str

    @property
    def message(self) -> str:
        return self.text


@dataclass(frozen=True)
class RunEnded(Event):
    """The event that a study with a run directory has ended after its plan was written.

    state: finished, stopped or failed. seconds: wall-clock time of the study.
    """

    state: str
    seconds: float


EVENTS: tuple[type[Event], ...] = (
    DataLoaded, Noted, PlanReady, StageStarted, ChunkDone, FirstScores, RangeExtended, RunEnded,
)  # fmt: skip
"""All types of events."""

Notify = Callable[[Event], None]
"""A listener: a function that a study calls with every event."""
ShouldStop = Callable[[], int | None]
"""A function that the study calls after every chunk: to stop it returns an exit status, else None."""


def ignore(event: Event) -> None:
    """Ignore an event of a study; the listener of a study without another listener."""


def never() -> int | None:
    """Return None, since nobody asks the study to stop; the default of the argument `should_stop`."""
    return None
