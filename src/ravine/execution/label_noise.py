"""Training batches from rows that a study chooses, in which a share of the training labels is random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ravine.data import Dataset
from ravine.data.label_noise import corrupt_labels
from ravine.data.random_keys import keyed_generator
from ravine.data.splits import Split
from ravine.training import Batches, Plan
from ravine.training.batches import SeedData

__all__ = ["LabelNoiseBatches"]


class LabelNoiseBatches(Batches):
    """Batches from rows that the function `parts` chooses, with random labels for a share of training rows.

    parts(seed): training rows and evaluated rows of a seed, of the same sizes for all seeds. share: share of
    the training labels that are random (see `ravine.data.label_noise`), drawn separately for each seed.
    """

    def __init__(
        self,
        dataset: Dataset,
        root: int,
        batch_size: int,
        precision: str,
        parts: Callable[[int], Split],
        share: float = 0.0,
    ) -> None:
        self.parts, self.share = parts, share
        super().__init__(dataset, root, batch_size, precision)
        self.indexed = False  # the labels of a row differ between seeds

    def _split(self, seed: int) -> Split:
        return self.parts(seed)

    def curve_rows(self, plan: Plan) -> int:
        """Return the number of evaluated rows: a study of memorization needs each of them."""
        rows: int = self.sizes[1]
        return rows

    def _data(self, seed: int) -> SeedData:
        rows = super()._data(seed)
        if not self.share:
            return rows
        classes = None if self.dataset.classes is None else len(self.dataset.classes)
        y, _ = corrupt_labels(
            rows.train.y, self.share, keyed_generator(self.root, "corruption", seed), classes
        )
        return replace(rows, train=rows.train._replace(y=np.asarray(y)))
