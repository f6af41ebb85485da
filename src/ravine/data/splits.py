"""Random splits of the rows of a data set into two parts, with the same sizes for every seed.

For classes without groups, both parts get nearly the same share of every class. With groups, the rows of a
group stay together. For the same rows and share, a split depends only on the root seed, its purpose ("test"
or "validation") and the seed index.
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
    """Training and validation rows of a data set, as indices of rows that do not overlap.

    train   indices of the training rows, int64 [n]
    valid   indices of the validation rows, int64 [m]
    notes   notes for the user, for example on rows that were left out
    """

    train: np.ndarray
    valid: np.ndarray
    notes: tuple[str, ...] = ()


def split(dataset: Dataset, seed: int, validation: float = 0.2) -> Split:
    """Return a random split of the development rows into training and validation rows.

    dataset      data set, whose `seed` is the root seed
    seed         seed index
    validation   share of the development rows to use for validation, between 0 and 1

    For classification without groups, every class has rows in `train`. A class with two development rows or
    more has rows in `valid`, too. The rows of a group stay together. With groups, some rows may be left out,
    so that the sizes are the same for every seed.

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
    """Return two disjoint, shuffled arrays of row indices: the rows that stay, and m rows that are held out.

    n        number of rows
    share    share of the rows to hold out, between 0 and 1; m is close to share * n
    random   random generator
    labels   class indices [n], for a split with the same share of every class; not used with `groups`
    groups   numbers of groups [n], whose rows stay together

    The sizes [n - m] and [m] do not depend on the random generator. With groups, some rows may be in neither
    part, so that the first array is shorter.

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
    """Return how many rows of each class to hold out, [class]; `counts` [class] are the numbers of its rows.

    share: share of the rows to hold out. The numbers follow the method of largest remainders. Of a class with
    two rows or more, at least one row is held out and at least one stays. A class with one row keeps it.
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
            f"A split keeps the rows of a group together. The largest of {len(values)} groups has "
            f"{counts.max():,} of {n:,} rows.",
            "Use a --groups column with smaller groups, or leave out --groups.",
        )
    order = random.permutation(len(values))
    held_out = order[: int(np.searchsorted(np.cumsum(counts[order]), wanted)) + 1]
    chosen = np.isin(member, held_out)
    first = random.permutation(np.flatnonzero(~chosen))[:keep]
    second = random.permutation(np.flatnonzero(chosen))[:wanted]
    return first, second
