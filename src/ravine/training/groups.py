"""Groups: the runs of a cohort that one worker, a CPU core or a GPU, advances at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from ravine.training.early_stopping import BestWeights

__all__ = ["Group", "grouped", "states_of", "take"]


@dataclass
class Group:
    """Runs that train side by side.

    runs: indices of the runs, [n]. members: index of the run in each place of the compiled program, [size];
    the last run may fill several places.
    state, best: state and best weights of the runs as the last chunk left them, on the device that trained
    it or on the host; None before the first chunk.
    numbers: hyperparameters of the members on that device; None if they are not on a device.
    """

    runs: np.ndarray
    members: np.ndarray
    state: Any = None
    numbers: Any = None
    best: BestWeights | None = None


def grouped(live: np.ndarray, size: int, states: Any = None, seeds: np.ndarray | None = None) -> list[Group]:
    """Pack live runs into as few groups as possible.

    live: indices of the runs. size: number of places in a group. states: state and best weights of these
    runs, [run, ...] on the host, None before the first chunk. seeds: seeds of these runs, in which equal ones
    are neighbors, for groups of one seed each; None = a group may have several seeds.
    """
    places = np.arange(len(live))
    parts = [places] if seeds is None else np.split(places, np.flatnonzero(seeds[1:] != seeds[:-1]) + 1)
    groups = []
    for places in (part[begin : begin + size] for part in parts for begin in range(0, len(part), size)):
        index = places[np.minimum(np.arange(size), len(places) - 1)]
        group = Group(live[places], live[index])
        if states is not None:
            group.state, best = take(states, index)
            group.best = best if best is None else BestWeights(*best)
        groups.append(group)
    return groups


def states_of(groups: Sequence[Group], going: np.ndarray) -> Any:
    """Return state and best weights of the runs where `going` [run] is True, on the host, [run, ...]."""
    parts = [take((group.state, group.best), np.arange(len(group.runs))) for group in groups]
    return jax.tree.map(lambda *arrays: np.concatenate(arrays)[going], *parts)


def take(tree: Any, index: np.ndarray) -> Any:
    """Return the rows `index` [n] of every array of a tree, on the host: [n, ...]."""
    return jax.tree.map(lambda a: np.asarray(a)[index], tree)
