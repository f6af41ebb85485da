"""Splits: shuffled, stratified by class, whole groups together; the same sizes for every seed.

Every choice is keyed by (root seed, purpose, seed), so a seed means the same split whatever else runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ravine.data.random_keys import keyed
from ravine.errors import DataError

if TYPE_CHECKING:
    from ravine.data.dataset import Dataset

__all__ = ["TEST_SHARE", "Split", "divide", "split"]

TEST_SHARE = 0.2  # held out once, before any split


@dataclass(frozen=True)
class Split:
    """Row indices into a dataset, disjoint: `train` int64 `[n]`, `valid` int64 `[m]`; `notes` if any."""

    train: np.ndarray
    valid: np.ndarray
    notes: tuple[str, ...] = ()


def split(dataset: Dataset, seed: int, validation: float = 0.2) -> Split:
    """Split the development rows into training and validation rows.

    A deterministic function of (dataset.seed, seed). Classification is stratified: each class is in `train`
    and, with two rows or more, in `valid`. Groups stay whole; surplus rows are left out so that the sizes are
    the same for every seed. Raises DataError where the rows do not allow it.
    """
    rows = dataset.development
    labels = dataset.y[rows] if dataset.task == "classify" else None
    groups = None if dataset.groups is None else dataset.groups[rows]
    train, valid = divide(len(rows), validation, keyed(dataset.seed, "validation", seed), labels, groups)
    left = len(rows) - len(train) - len(valid)
    notes = (f"{left} rows left out so that every split has the same size",) if left else ()
    return Split(rows[train], rows[valid], notes)


def divide(
    n: int,
    share: float,
    random: np.random.Generator,
    labels: np.ndarray | None = None,
    groups: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Divide `n` rows into the rest and a `share` of them, both shuffled; sizes depend on counts only."""
    if not 0 < share < 1:
        raise DataError(
            f"A share of {share:g} cannot be held out.",
            "It must lie between 0 and 1.",
            "Give a share such as 0.2.",
        )
    if n < 2:
        raise DataError(
            f"There {'is' if n == 1 else 'are'} {n} row{'s' * (n != 1)}.", "A split needs two.", "Add rows."
        )
    if groups is not None:
        return _by_groups(n, share, random, groups)
    if labels is None:
        order = random.permutation(n)
        held = min(max(round(share * n), 1), n - 1)
        return order[held:], order[:held]
    kept, held_out = [], []
    classes, counts = np.unique(labels, return_counts=True)
    for label, held in zip(classes, allocate(counts, share), strict=True):
        order = random.permutation(np.flatnonzero(labels == label))
        held_out.append(order[:held])
        kept.append(order[held:])
    first, second = np.concatenate(kept), np.concatenate(held_out)
    if not len(second):
        raise DataError("No class has two rows.", "Each class must be in both parts.", "Add rows.")
    return random.permutation(first), random.permutation(second)


def allocate(counts: np.ndarray, share: float) -> np.ndarray:
    """Return how many of each class to hold out: largest remainders, at least one, never all."""
    exact = counts * share
    held = np.floor(exact).astype(int)
    missing = round(float(exact.sum())) - int(held.sum())
    for i in np.argsort(held - exact, kind="stable")[: max(missing, 0)]:
        held[i] += 1
    return np.where(counts > 1, np.clip(held, 1, np.maximum(counts - 1, 1)), 0)


def _by_groups(
    n: int, share: float, random: np.random.Generator, groups: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    values, member, counts = np.unique(groups, return_inverse=True, return_counts=True)
    held = max(round(share * n), 1)
    # Groups are held out until `held` rows are reached; the last one may overshoot by its size less one.
    keep = n - held - int(counts.max()) + 1
    if len(values) < 2 or keep < 1:
        raise DataError(
            "The groups cannot be split." if len(values) > 1 else "There is one group.",
            f"The largest of {len(values)} holds {counts.max():,} of {n:,} rows, and a group stays whole.",
            "Use a finer --groups column, or none.",
        )
    order = random.permutation(len(values))
    taken = order[: int(np.searchsorted(np.cumsum(counts[order]), held)) + 1]
    chosen = np.isin(member, taken)
    return random.permutation(np.flatnonzero(~chosen))[:keep], random.permutation(np.flatnonzero(chosen))[
        :held
    ]
