"""The checkpoint of a cohort: the state of its unfinished runs, saved so that they can be resumed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ravine.execution.events import ShouldStop
from ravine.records.run_directory import RunDirectory

__all__ = ["RunCheckpoint"]

SAVE_INTERVAL_S = 5.0  # between two saved states, so that saving costs little


@dataclass
class RunCheckpoint:
    """The checkpoint of one cohort in a run directory, written at most every few seconds.

    run           run directory
    key           id of the cohort
    should_stop   returns a reason to stop, or None; a stop request saves at once
    last          time of the last save, in seconds of the monotonic clock
    """

    run: RunDirectory
    key: str
    should_stop: ShouldStop
    last: float = field(default_factory=time.monotonic)

    def load(self) -> Mapping[str, np.ndarray] | None:
        """Return the saved arrays; None if nothing is saved, or if the file is damaged."""
        return self.run.load_state(self.key)

    def save(self, arrays: Callable[[], Mapping[str, np.ndarray]]) -> None:
        """Save `arrays()` if the last save is old enough or a stop is requested."""
        if self.should_stop() is not None or time.monotonic() - self.last >= SAVE_INTERVAL_S:
            self.run.save_state(self.key, arrays())
            self.last = time.monotonic()
