"""The checkpoint of a cohort: the state of runs that train together, saved so that they can be resumed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ravine.execution.events import ShouldStop
from ravine.records.os_errors import DamagedFile
from ravine.records.run_directory import RunDirectory
from ravine.training import Check

__all__ = ["RunCheckpoint"]

SAVE_INTERVAL_S = 5.0  # between two saved states, so that saving costs little


@dataclass
class RunCheckpoint:
    """The state of runs that train together (a cohort), saved in a run directory at most every five seconds.

    run           run directory
    key           id of the cohort
    should_stop   returns an exit status if the study must stop, else None; a stop request saves at once
    last          time of the last save, in seconds of the monotonic clock
    """

    run: RunDirectory
    key: str
    should_stop: ShouldStop
    last: float = field(default_factory=time.monotonic)

    def load(self, check: Check) -> Mapping[str, np.ndarray] | None:
        """Return the saved state of the cohort, arrays by name; None without a file or for a damaged file.

        check: function that raises DamagedFile for arrays that the training cannot use. The log of the run
        tells why a file counts as absent.
        """
        arrays = self.run.load_state(self.key)
        if arrays is None:
            return None
        try:
            check(arrays, f"The state {self.key}")
        except DamagedFile as error:
            self.run.log(f"state {self.key} does not fit its training and counts as absent: {error}")
            return None
        return arrays

    def save(self, arrays: Callable[[], Mapping[str, np.ndarray]]) -> None:
        """Save the state that `arrays()` returns if five seconds have passed since the last save.

        With a stop request, the state is saved at once.
        """
        if self.should_stop() is not None or time.monotonic() - self.last >= SAVE_INTERVAL_S:
            self.run.save_state(self.key, arrays())
            self.last = time.monotonic()
