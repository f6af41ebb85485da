"""The checkpoint of a cohort: arrays from which an interrupted training goes on, and their check."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

import jax
import numpy as np

from ravine.records.array_rules import ArrayRule, check_arrays
from ravine.records.os_errors import DamagedFile
from ravine.records.record import Status
from ravine.records.strict_json import FIX

__all__ = ["Check", "CheckpointStore", "check_state"]

STATUS = (min(Status), max(Status))

Check = Callable[[Mapping[str, np.ndarray], str], None]
"""Function of the arrays of a checkpoint, and of words for their file, that raises DamagedFile."""


class CheckpointStore(Protocol):
    """A place where the state of an unfinished cohort survives the process.

    The state is a mapping of plain arrays by name. Its content matters only to the training that wrote it.
    """

    def load(self, check: Check) -> Mapping[str, np.ndarray] | None:
        """Return the last saved state of the unfinished cohort as arrays by name; None if none was saved.

        check: function that raises DamagedFile for a state that the training cannot use. Such a state counts
        as absent.
        """

    def save(self, arrays: Callable[[], Mapping[str, np.ndarray]]) -> None:
        """Save the state of a cohort after a chunk of training, or skip this chunk to save time.

        arrays: function that returns the state as arrays by name.
        """


def check_state(
    saved: Mapping[str, np.ndarray],
    fresh: Mapping[str, np.ndarray],
    state: Any,
    waves: int,
    evaluations: int,
    subject: str,
) -> None:
    """Raise DamagedFile unless a checkpoint of a cohort fits the cohort.

    saved: arrays of the checkpoint. fresh: arrays of a checkpoint before the first wave, by name. state:
    arrays of one run in training, or their shapes and types, [1, ...]. waves, evaluations: their numbers in
    the whole training. subject: words for the file of the checkpoint in messages.
    """
    runs = len(fresh["status"])
    rules = {name: ArrayRule.like(array) for name, array in fresh.items()}
    rules["status"] = replace(rules["status"], within=STATUS)
    rules["final/evaluation"] = replace(rules["final/evaluation"], within=(-1, evaluations - 1))
    live = {"live": ArrayRule("i", ("live",), within=(0, runs - 1))}
    live |= {f"state/{k}": ArrayRule.like(leaf, "live") for k, leaf in enumerate(jax.tree.leaves(state))}
    in_wave = "live" in saved
    lengths = check_arrays(saved, rules | (live if in_wave else {}), subject)
    wave, done = (int(number) for number in saved["where"])
    if not (0 <= wave <= waves and 0 <= done < evaluations and (done > 0) == in_wave):
        why = f"Its array 'where' is [{wave}, {done}] for {waves} waves and {evaluations} evaluations."
        raise DamagedFile(f"{subject} is damaged.", why, FIX)
    if in_wave and (wave == waves or not 0 < len(np.unique(saved["live"])) == lengths["live"]):
        raise DamagedFile(f"{subject} is damaged.", "Its array 'live' does not fit its other arrays.", FIX)
