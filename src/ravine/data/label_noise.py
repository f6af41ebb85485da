"""Labels made wrong on purpose: what a network learns of them it has memorized.

Classes    a share of the rows gets a label drawn uniformly from all classes, its own included: of K classes
           share * (K - 1) / K of the labels are wrong on average; at share 1 they say nothing of the inputs
Numbers    the targets of a share of the rows change places among these rows: their distribution stays

Source: Zhang et al. 2017, Understanding deep learning requires rethinking generalization.
"""

from __future__ import annotations

import numpy as np

from ravine.errors import DataError

__all__ = ["corrupt_labels"]


def corrupt_labels(
    y: np.ndarray, share: float, generator: np.random.Generator, classes: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return a copy of `y` `[N]` with labels replaced in round(share * N) rows, and which, bool `[N]`.

    `classes`: how many there are, labels 0 .. classes - 1; None permutes numbers. The rows are drawn without
    replacement and a larger share holds those of a smaller one. Raises DataError.
    """
    y = np.asarray(y)
    if not 0 <= share <= 1:
        raise DataError(
            f"A share of {share:g} cannot be corrupted.", "It must lie between 0 and 1.", "Give 0.5."
        )
    if y.ndim != 1:
        raise DataError(f"The labels have shape {y.shape}.", "They must be [N].", "Give one a row.")
    if classes is not None and (classes < 2 or (len(y) and (y.min() < 0 or y.max() >= classes))):
        raise DataError(
            f"The labels do not fit {classes} classes.",
            "They count from 0 to the number of classes less 1.",
            "Give the number of classes, or None for numbers.",
        )
    order = generator.permutation(len(y))
    rows = order[: round(share * len(y))]
    changed, where = y.copy(), np.zeros(len(y), bool)
    where[rows] = True
    if classes is None:
        changed[rows] = y[generator.permutation(rows)]
    else:
        changed[rows] = generator.integers(0, classes, len(y))[: len(rows)]
    return changed, where
