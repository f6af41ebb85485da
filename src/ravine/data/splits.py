"""Random splits of rows, stratified by class or by whole groups, with the same sizes for every seed.

A split depends only on the root seed, its purpose and the seed index.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ravine.data.random_keys import keyed_generator
from ravine.errors import DataError

if TYPE_CHECKING:
    from ravine.data.dataset import Dataset

__all__ = ["TEST_SHARE", "Split", "divide", "split"]

TEST_SHARE = 0.2
"""Default share of test rows, which are held out once, before any split."""


@dataclass(frozen=True)
class Split:
    """Disjoint indices of the rows of a data set.

    train   indices of the training rows, int64 [n]
    valid   indices of the validation rows, int64 [m]
    notes   notes for the user
    """

    train: np.ndarray
    valid: np.ndarray
    notes: tuple[str, ...] = ()


def split(dataset: Dataset, seed: int, validation: float = 0.2) -> Split:
    """Return a random split of the development rows into training and validation rows.

    dataset      data set, whose `seed` is the root seed
    seed         seed index
    validation   share of validation rows, between 0 and 1

    For classification without groups, every class is in `train` and, with two rows or more, in `valid`. The
    rows of a group stay together. With groups, some rows may be left out, so that the sizes are the same for
    every seed.

    Raises DataError if there are too few rows, classes or groups.
    """
    rows = dataset.development
    labels = dataset.y[rows] if dataset.task == "classify" else None
    groups = None if dataset.groups is None else dataset.groups[rows]
    train, valid = divide(
        len(rows), validation, keyed_generator(dataset.seed, "validation", seed), labels, groups
    )
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
    """Return two disjoint, shuffled arrays of row indices, [n - m] and [m], with m close to share * n.

    n        number of rows
    share    share of the second part, between 0 and 1
    random   random generator
    labels   class indices [n] for a stratified split; not used with `groups`
    groups   numbers of groups [n], whose rows stay together

    The sizes do not depend on the random generator. With groups, some rows may be in neither part.

    Raises DataError for a share outside (0, 1), and for too few rows, classes or groups.
    """
    if not 0 < share < 1:
        raise DataError(
            f"A share of {share:g} cannot be held out.",
            "It must lie between 0 and 1.",
            "Use a share such as 0.2.",
        )
    if n < 2:
        raise DataError(
            f"There {'is' if n == 1 else 'are'} {n} row{'s' * (n != 1)}.",
            "A split needs at least two.",
            "Use a table with more rows.",
        )
    if groups is not None:
        return _by_groups(n, share, random, groups)
    if labels is None:
        order = random.permutation(n)
        count = min(max(round(share * n), 1), n - 1)
        return order[count:], order[:count]
    remaining, held_out = [], []
    classes, counts = np.unique(labels, return_counts=True)
    for label, count in zip(classes, allocate(counts, share), strict=True):
        order = random.permutation(np.flatnonzero(labels == label))
        held_out.append(order[:count])
        remaining.append(order[count:])
    first, second = np.concatenate(remaining), np.concatenate(held_out)
    if not len(second):
        raise DataError(
            "No class has two rows.",
            "At least one class must be in both parts of a split.",
            "Use a table with more rows.",
        )
    return random.permutation(first), random.permutation(second)


def allocate(counts: np.ndarray, share: float) -> np.ndarray:
    """Return the rows of every class to hold out, [class], for `counts` [class] of all its rows.

    The numbers follow the method of largest remainders. Of a class with two rows or more, at least one row is
    held out and at least one is left.
    """
    exact = counts * share
    numbers = np.floor(exact).astype(int)
    missing = round(float(exact.sum())) - int(numbers.sum())
    for i in np.argsort(numbers - exact, kind="stable")[: max(missing, 0)]:
        numbers[i] += 1
    return np.where(counts > 1, np.clip(numbers, 1, np.maximum(counts - 1, 1)), 0)


def _by_groups(
    n: int, share: float, random: np.random.Generator, groups: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the result of `divide` for whole groups."""
    values, member, counts = np.unique(groups, return_inverse=True, return_counts=True)
    wanted = max(round(share * n), 1)
    # Whole groups are held out until there are `wanted` rows. The last may exceed that by its size minus 1.
    keep = n - wanted - int(counts.max()) + 1
    if len(values) < 2 or keep < 1:
        raise DataError(
            "The groups cannot be split." if len(values) > 1 else "There is one group.",
            f"Every group stays whole, and the largest of {len(values)} has {counts.max():,} of {n:,} rows.",
            "Use a --groups column with smaller groups, or leave out --groups.",
        )
    order = random.permutation(len(values))
    held_out = order[: int(np.searchsorted(np.cumsum(counts[order]), wanted)) + 1]
    chosen = np.isin(member, held_out)
    first = random.permutation(np.flatnonzero(~chosen))[:keep]
    second = random.permutation(np.flatnonzero(chosen))[:wanted]
    return first, second
