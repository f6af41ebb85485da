"""Label noise: targets made wrong on purpose, which a network can only memorize.

    classes   Each row of a random share gets a label drawn uniformly from all K classes, its own included.
              On average, share * (K - 1) / K of all labels are then wrong.
    numbers   The targets of a random share of the rows are permuted among these rows, so that their
              distribution stays the same.

Source: Zhang et al. 2017, "Understanding deep learning requires rethinking generalization".
"""

from __future__ import annotations

import numpy as np

from ravine.errors import DataError

__all__ = ["corrupt_labels"]


def corrupt_labels(
    y: np.ndarray, share: float, generator: np.random.Generator, classes: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return a copy of the targets `y` [N], randomized in round(share * N) rows, and a mask [N] of them.

    y           class indices 0 ... classes - 1, or numbers
    share       share of the rows, between 0 and 1
    generator   random generator
    classes     number of classes; each of these rows gets a label drawn uniformly from them. None: the
                numbers of these rows are permuted among them.

    Rows are drawn without replacement. With the same generator, a larger share contains the rows of a smaller
    one.

    Raises DataError for a share outside [0, 1], for labels without the shape [N], for fewer than two
    classes, and for a class index out of range.
    """
    y = np.asarray(y)
    if not 0 <= share <= 1:
        raise DataError(
            f"A share of {share:g} of the labels cannot be made noisy.",
            "The share must lie between 0 and 1.",
            "Use for example 0.5.",
        )
    if y.ndim != 1:
        raise DataError(
            f"The labels have shape {y.shape}.", "They must be [N].", "Pass one label for each row."
        )
    if classes is not None and (classes < 2 or (len(y) and (y.min() < 0 or y.max() >= classes))):
        raise DataError(
            f"The labels do not fit {classes} classes.",
            "There must be at least 2 classes, with labels from 0 to the number of classes minus 1.",
            "Pass the number of classes, or classes=None for numbers.",
        )
    order = generator.permutation(len(y))
    rows = order[: round(share * len(y))]
    noisy, mask = y.copy(), np.zeros(len(y), bool)
    mask[rows] = True
    if classes is None:
        noisy[rows] = y[generator.permutation(rows)]
    else:
        noisy[rows] = generator.integers(0, classes, len(y))[: len(rows)]
    return noisy, mask
