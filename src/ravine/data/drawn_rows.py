"""The random rows of a large table that are used if the user asks for fewer rows (`--rows`)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ravine.data.random_keys import keyed_generator
from ravine.data.splits import divide
from ravine.errors import DataError

__all__ = ["check_drawn_rows", "draw_rows"]


def draw_rows(
    development: np.ndarray, labels: np.ndarray | None, groups: np.ndarray | None, rows: int, seed: int
) -> np.ndarray:
    """Return `rows` of the development rows, drawn at random and sorted; indices [n].

    Each class keeps nearly its share of the rows, and at least one row. Of groups, whole ones are drawn until
    they have as many rows.

    labels: class indices [N], None for a regression. groups: numbers of groups [N]. seed: root seed.
    """
    random = keyed_generator(seed, "rows", 0)
    if groups is None:
        share = 1 - rows / len(development)
        kept, _ = divide(len(development), share, random, None if labels is None else labels[development])
        return np.sort(development[kept])
    values, member, counts = np.unique(groups[development], return_inverse=True, return_counts=True)
    order = random.permutation(len(values))
    enough = int(np.searchsorted(np.cumsum(counts[order]), rows)) + 1
    return development[np.isin(member, order[:enough])]


def check_drawn_rows(
    y: np.ndarray,
    classes: list[Any] | None,
    groups: np.ndarray | None,
    weights: np.ndarray | None,
    rows: int,
) -> None:
    """Raise DataError if the drawn rows, with target `y` [n], are too few to train on and to validate.

    classes: labels of the classes, None for a regression. groups, weights: of these rows [n], or None. rows:
    number that the user asked for.
    """
    lack = ""
    if groups is not None and len(np.unique(groups)) < 2:
        lack = "rows of one group alone"
    elif classes is not None:
        counts = np.bincount(y, minlength=len(classes))
        rarest = int(counts.argmin())
        if counts[rarest] < 2:
            lack = f"{'one' if counts[rarest] else 'no'} row of class '{classes[rarest]}'"
    elif len(np.unique(y)) < 2:
        lack = "one value of the target"
    if weights is not None and not weights.any():
        lack = "only rows of weight 0"
    if lack:
        raise DataError(
            f"--rows {rows} leaves {lack}.",
            "Training and validation need rows of every class, different targets, and groups of their own.",
            "Type a larger number of rows.",
            option="rows", value=rows, allowed="0 for all rows, or a larger number",
        )  # fmt: skip
